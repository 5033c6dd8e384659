"""Checkpoints kept in a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from oms_ledger.audit.standalone.notes import SIGNATURE_MARK
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.domain.errors import Invalid, Unavailable


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """Appends each checkpoint to a file. Put the file on another machine, or on a medium that can
    be written only once."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def keep(self, checkpoint: StoredCheckpoint, prover: Prover) -> str:
        try:
            with self.path.open("a", encoding="utf-8") as out:
                out.write(checkpoint.note + "\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be written: {error}.") from error
        return checkpoint.note

    def anchors(self) -> list[Anchor]:
        text = self.path.read_text("utf-8")
        return [Anchor(self.name, note) for note in split_notes(text)]


def split_notes(text: str) -> list[str]:
    """Signed notes that stand one after the other, with or without blank lines between.
    `Invalid` where the text does not end with a whole note."""
    notes: list[str] = []
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and lines[-1].startswith(SIGNATURE_MARK) and not line.startswith(SIGNATURE_MARK):
            notes.append("\n".join(lines) + "\n")
            lines = []
        if lines or line:
            lines.append(line)
    if lines:
        raise Invalid(f"What follows {len(notes)} checkpoints is no signed note. Was it cut off?")
    return notes
