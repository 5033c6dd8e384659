"""Checkpoints cosigned by a witness (c2sp.org/tlog-witness)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oms_ledger.audit.anchors.client import StoreResponse, request
from oms_ledger.audit.standalone.hashes import Unproven, b64
from oms_ledger.audit.standalone.notes import Note, VerifierKey, signature_line, signers
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.domain.errors import Refused, Unavailable


@dataclass(slots=True)
class Witness:
    """A witness checks that each checkpoint extends the last one it signed, and cosigns it.
    `keys` are its verifier keys; signatures by other keys are dropped."""

    url: str
    keys: Sequence[VerifierKey]
    _signed_size: int = 0

    @property
    def name(self) -> str:
        return self.url

    def keep(self, checkpoint: StoredCheckpoint, prover: Prover) -> str:
        response = self._add(self._signed_size, checkpoint, prover)
        if response.status == 409 and response.media_type == "text/x.tlog.size":
            signed = _size(response.text)
            if signed > checkpoint.size:
                raise Refused(
                    f"The witness {self.url} has signed for {signed} events, and the ledger has"
                    f" {checkpoint.size}: its end is missing. Run oms-ledger verify.",
                    code="anchor_differs",
                )
            response = self._add(signed, checkpoint, prover)
        if response.status in (409, 422):
            raise Refused(
                f"The witness {self.url} knows another history. Run oms-ledger verify.",
                code="anchor_differs",
            )
        if response.status != 200:
            raise Unavailable(f"The witness {self.url} answers {response.status}: {response.text}")
        self._signed_size = checkpoint.size
        return self._cosigned(checkpoint.note, response.text)

    def _add(self, old: int, checkpoint: StoredCheckpoint, prover: Prover) -> StoreResponse:
        hashes = prover.consistency_hashes(old, checkpoint.size) if old <= checkpoint.size else []
        proof = "".join(f"{b64(h)}\n" for h in hashes)
        body = f"old {old}\n{proof}\n{checkpoint.note}"
        return request("POST", f"{self.url.rstrip('/')}/add-checkpoint", body.encode(), {})

    def _cosigned(self, note: str, lines: str) -> str:
        """The note with the signatures by `keys` appended. `Refused` where one of them is wrong,
        or where there is none."""
        text = Note.parse(note).text
        added = ""
        for line in lines.splitlines():
            try:
                if signers(Note(text, (signature_line(line),)), self.keys):
                    added += f"{line}\n"
            except Unproven as error:
                raise Refused(f"The witness {self.url} signs wrongly: {error}.") from error
        if not added:
            raise Refused(f"The witness {self.url} signed with none of the keys it is known by.")
        return note + added


def _size(text: str) -> int:
    digits = text.strip()
    if not digits.isdecimal():
        raise Unavailable(f"The witness answers {text[:40]!r} instead of a size.")
    return int(digits)
