"""The protocol of a place outside the database where checkpoints are kept: an anchor store."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from oms_ledger.audit.standalone.hashes import Unproven
from oms_ledger.audit.standalone.notes import Checkpoint, Note
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.domain.errors import Refused


class AnchorStore(Protocol):
    """A place where a checkpoint can be kept. `name` is its path or URL, for messages."""

    @property
    def name(self) -> str: ...

    def keep(self, checkpoint: StoredCheckpoint, prover: Prover) -> str:
        """Keep a checkpoint; the note as it is kept, with any signatures that the store added.
        Keeping the same checkpoint again is no error. `Refused` where the store holds a checkpoint
        of another history, `Unavailable` where it does not answer."""


@runtime_checkable
class ReadableAnchorStore(Protocol):
    """An anchor store whose checkpoints can be read back."""

    def anchors(self) -> list[Anchor]:
        """All checkpoints kept there, or enough of them to verify against."""


def object_name(size: int) -> str:
    """The name of a checkpoint's object. The tree size is written in twelve digits, so that names
    sort by size."""
    return f"{size:012d}.checkpoint"


def check_same_history(anchor: Anchor, checkpoint: StoredCheckpoint) -> None:
    """`Refused` unless the note of `anchor` has the root of `checkpoint`."""
    try:
        root = Checkpoint.parse(Note.parse(anchor.note).text).root
    except Unproven:
        root = None
    if root != checkpoint.root:
        raise Refused(
            f"{anchor.source} holds a checkpoint of another history. Run oms-ledger verify.",
            code="anchor_differs",
        )
