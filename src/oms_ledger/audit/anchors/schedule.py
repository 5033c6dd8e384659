"""The newest checkpoint, kept in every anchor store from time to time.

The tree alone cannot show that its end was cut off. A checkpoint that is kept elsewhere can: it
names a size and a root that every later tree must extend.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import structlog

from oms_ledger.audit.anchors.bucket import HttpBucket
from oms_ledger.audit.anchors.file import CheckpointFile
from oms_ledger.audit.anchors.s3 import S3Bucket
from oms_ledger.audit.anchors.store import AnchorStore
from oms_ledger.audit.anchors.witness import Witness
from oms_ledger.audit.standalone.hashes import Unproven
from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint, TreeStore
from oms_ledger.domain.errors import Invalid, Refused, Unavailable
from oms_ledger.engine.work.loops import WorkFailed

log = structlog.get_logger(__name__)


def anchor_stores(setting: str) -> list[AnchorStore]:
    """The stores named by the setting OMS_ANCHORS, which are separated by blanks."""
    return [anchor_store(text) for text in setting.split()]


STORE_FORMS = (
    "file:PATH, s3://BUCKET/PREFIX, http(s)://BUCKET or witness+http(s)://HOST#VERIFIER_KEY"
)


def anchor_store(text: str) -> AnchorStore:
    """The store named by `text`, which is one of STORE_FORMS; otherwise `Invalid`."""
    if text.startswith("file:"):
        return CheckpointFile(Path(text.removeprefix("file:")).expanduser())
    if text.startswith(("witness+http://", "witness+https://")):
        url, _, key = text.removeprefix("witness+").partition("#")
        try:
            return Witness(url, [VerifierKey.parse(key)])
        except Unproven as error:
            raise Invalid(f"{text!r}: {error}. Write the witness's key behind a #.") from error
    if text.startswith("s3://"):
        return S3Bucket.parse(text)
    if text.startswith(("http://", "https://")):
        return HttpBucket(text)
    raise Invalid(f"{text!r} is no place for checkpoints. Write {STORE_FORMS}.")


def anchor_store_or_file(text: str) -> AnchorStore:
    """The store named on a command line, where `file:` may be left out before a path."""
    return anchor_store(text) if ":" in text else CheckpointFile(Path(text).expanduser())


class AnchorSchedule:
    """Keeps the newest checkpoint in every store. Used by one thread.

    A store that does not answer is tried again the next time and does not delay the others. One
    that holds another history is an alarm: `on_alarm` is called with the text of the refusal.
    """

    def __init__(
        self,
        tree: TreeStore,
        stores: Sequence[AnchorStore],
        on_alarm: Callable[[str], None] = lambda text: None,
        exclusive: Callable[[], AbstractContextManager[bool]] = lambda: nullcontext(True),
    ) -> None:
        self._tree = tree
        self._stores = stores
        self._on_alarm = on_alarm
        self._exclusive = exclusive
        self._kept: dict[str, int] = {}
        self._newest: int | None = None

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: as `step`, but `WorkFailed` names the stores that lack the newest
        checkpoint afterwards. False where another worker is anchoring."""
        with self._exclusive() as acquired:
            if not acquired:
                return False
            self.step()
        newest = self._newest
        lacking = [s.name for s in self._stores if newest and self._kept.get(s.name) != newest]
        if lacking:
            raise WorkFailed(
                f"{len(lacking)} of {len(self._stores)} anchor stores lack the newest checkpoint:"
                f" {', '.join(lacking)}. The log has the reasons."
            )
        return True

    def step(self) -> int:
        """Keep the newest checkpoint in each store that lacks it; how many stores have it now."""
        newest = self._tree.newest_checkpoint()
        if newest is None:
            return 0
        self._newest = newest.number
        count = 0
        for store in self._stores:
            if self._kept.get(store.name) == newest.number or self._keep(store, newest):
                self._kept[store.name] = newest.number
                count += 1
        return count

    def _keep(self, store: AnchorStore, newest: StoredCheckpoint) -> bool:
        try:
            store.keep(newest, Prover(self._tree))
        except Refused as alarm:
            log.error("anchor_differs", place=store.name, error=alarm.detail)
            self._on_alarm(alarm.detail)
            return False
        except Unavailable as error:
            log.warning("anchor_unavailable", place=store.name, error=error.detail)
            return False
        return True
