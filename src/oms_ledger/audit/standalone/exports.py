"""Verifies exports: JSON Lines with a header, the events, and an end line."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .hashes import PartialTree, Unproven, includes, leaf, leaf_hash, unb64
from .notes import Checkpoint, VerifierKey, open_checkpoint, trusted

FORMAT = "oms-ledger/export/v1"

WHOLE_STREAMS = ("order-", "shipment-")
"""Stream prefixes of which the export of an order or customer must have every version."""

_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error)


@dataclass(slots=True)
class Verdict:
    """What an export proves: its header, the checkpoint, and the number of events with the first
    and last position."""

    header: Mapping[str, Any]
    checkpoint: Checkpoint
    events: int = 0
    first: int = 0
    last: int = 0


def verify_export(
    lines: Iterable[str], keys: Sequence[VerifierKey], checkpoint: str | None = None
) -> Verdict:
    """Check every line; `Unproven` names the first fault. With `checkpoint`, a note obtained by
    other means, the export must have been made against that one."""
    rows = _rows(lines)
    try:
        number, header = next(rows)
        if header.get("export") != FORMAT:
            raise Unproven(f"the first line is no header of {FORMAT}")
        all_trusted = trusted(keys, header.get("rotations", ()))
        sealed = open_checkpoint(header["checkpoint"], all_trusted)
        if checkpoint is not None:
            _check_same(open_checkpoint(checkpoint, all_trusted), sealed)
        check = _ExportCheck(Verdict(header, sealed))
        for number, row in rows:  # noqa: B007  # the error below names it
            if "end" in row:
                check.finish(row["end"]["events"])
                break
            check.line(row)
        else:
            raise Unproven("the export has no end: it was cut off")
    except StopIteration:
        raise Unproven("the export is empty") from None
    except _MALFORMED as error:
        raise Unproven(f"line {number} is malformed: {error!r}") from error
    if next(rows, None) is not None:
        raise Unproven("there is something after the end")
    return check.verdict


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise Unproven(f"line {number} is no JSON object")
        yield number, row


def _check_same(given: Checkpoint, sealed: Checkpoint) -> None:
    if given.size != sealed.size:
        raise Unproven(
            f"the checkpoint given has {given.size} events, the export was made against one of"
            f" {sealed.size}: ask for an export with tree_size={given.size}"
        )
    if given != sealed:
        raise Unproven(
            f"two checkpoints of {sealed.size} events differ: somebody is shown another history"
        )


class _ExportCheck:
    """Checks an export line by line."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.of: Mapping[str, Any] = verdict.header["of"]
        self._versions: dict[str, int] = {}
        self._tree = PartialTree()
        self._awaits_range_proof = "range" in self.of
        if self._awaits_range_proof:
            verdict.last = self.of["range"][0] - 1
            left = [unb64(h) for h in verdict.header["left"]]
            self._tree.add_parts(0, verdict.last, left)

    def line(self, row: Mapping[str, Any]) -> None:
        if "right" in row:
            self._check_range_proof([unb64(h) for h in row["right"]])
        else:
            self._event(row)

    def _event(self, row: Mapping[str, Any]) -> None:
        verdict, position = self.verdict, row["position"]
        state = unb64(row["state"])
        hashed = leaf_hash(leaf(position, row["stream"], row["version"], row["type"], state))
        if "range" in self.of:
            if position != verdict.last + 1:
                raise Unproven(f"event {verdict.last + 1} is missing")
            self._tree.add(0, hashed)
        else:
            if position <= verdict.last:
                raise Unproven(f"event {position} stands after event {verdict.last}")
            self._check_included(position, hashed, [unb64(h) for h in row["proof"]])
            self._check_version(row["stream"], row["version"])
        verdict.events += 1
        verdict.first = verdict.first or position
        verdict.last = position

    def _check_included(self, position: int, hashed: bytes, proof: Sequence[bytes]) -> None:
        sealed = self.verdict.checkpoint
        if not includes(sealed.root, sealed.size, position - 1, hashed, proof):
            raise Unproven(f"event {position} is not the one that was sealed")

    def _check_version(self, stream: str, version: int) -> None:
        if stream.startswith(WHOLE_STREAMS):
            expected = self._versions.get(stream, 0) + 1
            if version != expected:
                raise Unproven(f"version {expected} of {stream} is missing")
            self._versions[stream] = version

    def _check_range_proof(self, right: Sequence[bytes]) -> None:
        sealed, verdict = self.verdict.checkpoint, self.verdict
        self._tree.add_parts(verdict.last, sealed.size, right)
        if self._tree.root() != sealed.root:
            raise Unproven(
                f"events {verdict.first} to {verdict.last} are not those that were sealed"
            )
        self._awaits_range_proof = False

    def finish(self, events: int) -> None:
        """Check the end line, which has the number of `events`."""
        verdict, of = self.verdict, self.of
        if self._awaits_range_proof:
            raise Unproven("the proof of the range is missing")
        if not verdict.events or events != verdict.events:
            raise Unproven(f"{verdict.events} events of {events} are there")
        if "range" in of and [verdict.first, verdict.last] != of["range"]:
            raise Unproven(f"the events are not those of the range {of['range']}")
        if "order" in of and f"order-{of['order']}" not in self._versions:
            raise Unproven(f"there is no event of order {of['order']}")
