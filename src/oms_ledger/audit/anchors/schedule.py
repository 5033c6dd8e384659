"""Checkpoints kept where the database's owner cannot reach them: a file, a bucket, a witness.

A tree by itself cannot show that its end was cut off. A checkpoint that is kept elsewhere can:
it names a size and a root that the ledger must be able to continue from for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from oms_ledger.audit.anchors.s3 import S3Bucket
from oms_ledger.audit.anchors.stores import Bucket, FileOfCheckpoints, Place, Witness
from oms_ledger.audit.standalone.hashes import Unproven
from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint, TreeStore
from oms_ledger.domain.errors import Invalid, Refused, Unavailable

log = structlog.get_logger(__name__)


def places(text: str) -> list[Place]:
    """Those of the setting OMS_ANCHORS, with blanks between."""
    return [place(each) for each in text.split()]


KINDS = "file:PATH, s3://BUCKET/PREFIX, http(s)://BUCKET or witness+http(s)://HOST#VERIFIER_KEY"


def place(text: str) -> Place:
    """A place as it is written in a setting, one of KINDS; `Invalid` says what is wrong."""
    if text.startswith("file:"):
        return FileOfCheckpoints(Path(text.removeprefix("file:")).expanduser())
    if text.startswith(("witness+http://", "witness+https://")):
        url, _, key = text.removeprefix("witness+").partition("#")
        try:
            return Witness(url, [VerifierKey.parse(key)])
        except Unproven as error:
            raise Invalid(f"{text!r}: {error}. Write the witness's key behind a #.") from error
    if text.startswith("s3://"):
        return S3Bucket.parse(text)
    if text.startswith(("http://", "https://")):
        return Bucket(text)
    raise Invalid(f"{text!r} is no place for checkpoints. Write {KINDS}.")


def place_or_file(text: str) -> Place:
    """A place as a person types it, who may leave out the `file:`."""
    return place(text) if ":" in text else FileOfCheckpoints(Path(text).expanduser())


class Anchoring:
    """Keeps the newest checkpoint in every place, from time to time. Used by one thread.

    A place that does not answer is tried again the next time and holds up nobody. One that
    knows another history is an alarm: `on_alarm` is told.
    """

    def __init__(
        self,
        store: TreeStore,
        places: Sequence[Place],
        seconds: float = 60.0,
        on_alarm: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._store = store
        self._places = places
        self._seconds = seconds
        self._on_alarm = on_alarm
        self._kept: dict[str, int] = {}

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self.step()
            except Exception as error:
                log.warning("anchoring_interrupted", error=repr(error))
            stop.wait(self._seconds)

    def step(self) -> int:
        """Once to every place that lacks the newest checkpoint; in how many it now is."""
        newest = self._store.newest_checkpoint()
        if newest is None:
            return 0
        done = 0
        for each in self._places:
            if self._kept.get(each.name) == newest.number or self._keep(each, newest):
                self._kept[each.name] = newest.number
                done += 1
        return done

    def _keep(self, where: Place, newest: StoredCheckpoint) -> bool:
        try:
            where.keep(newest, Prover(self._store))
        except Refused as alarm:
            log.error("anchor_differs", place=where.name, error=alarm.detail)
            self._on_alarm(alarm.detail)
            return False
        except Unavailable as error:
            log.warning("anchor_unavailable", place=where.name, error=error.detail)
            return False
        return True
