"""The kinds of places where a checkpoint can be kept: a file, a bucket, a witness; `s3.py` has one
more."""

from __future__ import annotations

import http.client
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import quote, urlsplit

from oms_ledger.audit.standalone.hashes import Unproven, b64
from oms_ledger.audit.standalone.notes import (
    SIGNATURE_MARK,
    Checkpoint,
    Note,
    VerifierKey,
    signature_line,
    signers,
)
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.domain.errors import Invalid, Refused, Unavailable

HTTP_SECONDS = 10.0


class Place(Protocol):
    """Somewhere a checkpoint can be kept."""

    @property
    def name(self) -> str: ...

    def keep(self, checkpoint: StoredCheckpoint, prover: Prover) -> str:
        """Keep it; the note as it is kept there, with whatever signatures were added. May be
        repeated. `Refused` where the place knows another history, `Unavailable` where it does
        not answer."""


@runtime_checkable
class Readable(Protocol):
    """A place whose checkpoints can be read back, all of them or enough to judge by."""

    def kept(self) -> list[Anchor]: ...


def object_name(size: int) -> str:
    """The size in twelve digits: names of checkpoints are in the order of their sizes."""
    return f"{size:012d}.checkpoint"


def same_history(there: Anchor, checkpoint: StoredCheckpoint) -> None:
    """`Refused` where what is kept under a checkpoint's name is of another history."""
    try:
        root = Checkpoint.parse(Note.parse(there.note).text).root
    except Unproven:
        root = None
    if root != checkpoint.root:
        raise Refused(
            f"{there.place} holds a checkpoint of another history. Run oms-ledger verify.",
            code="anchor_differs",
        )


@dataclass(frozen=True, slots=True)
class FileOfCheckpoints:
    """Appends to a file, which `kept` reads back. Put it on another machine, or on a medium that
    can only be written once."""

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

    def kept(self) -> list[Anchor]:
        text = self.path.read_text("utf-8")
        return [Anchor(self.name, note) for note in split_notes(text)]


def split_notes(text: str) -> list[str]:
    """Signed notes that stand one after the other, with or without blank lines between."""
    found: list[str] = []
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and lines[-1].startswith(SIGNATURE_MARK) and not line.startswith(SIGNATURE_MARK):
            found.append("\n".join(lines) + "\n")
            lines = []
        if lines or line:
            lines.append(line)
    if lines:
        raise Invalid(f"What follows {len(found)} checkpoints is no signed note. Was it cut off?")
    return found


@dataclass(frozen=True, slots=True)
class Bucket:
    """Puts each checkpoint under a name of its own below a URL: `<url>/<size>.checkpoint`, the
    size in twelve digits. An object that is there is never written over. `headers` go with
    every request, for those stores that want a token."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.url

    def keep(self, checkpoint: StoredCheckpoint, prover: Prover) -> str:
        url = self.object_url(checkpoint.size)
        sent = {"Content-Type": "text/plain; charset=utf-8", "If-None-Match": "*", **self.headers}
        answer = request("PUT", url, checkpoint.note.encode(), sent)
        if answer.status in (409, 412):
            same_history(self.fetch(checkpoint.size), checkpoint)
        elif answer.status not in (200, 201, 204):
            raise Unavailable(f"{url} answers {answer.status} to PUT.")
        return checkpoint.note

    def object_url(self, size: int) -> str:
        base, question, query = self.url.partition("?")
        return f"{base.rstrip('/')}/{object_name(size)}{question}{query}"

    def fetch(self, size: int) -> Anchor:
        """The checkpoint of this size that is kept there."""
        url = self.object_url(size)
        answer = request("GET", url, None, self.headers)
        if answer.status != 200:
            raise Unavailable(f"{url} answers {answer.status} to GET.")
        return Anchor(url, answer.text)


@dataclass(slots=True)
class Witness:
    """A witness that speaks c2sp.org/tlog-witness: it checks that the ledger only grew, and
    signs. `keys` are its verifier keys; signatures of others are dropped."""

    url: str
    keys: Sequence[VerifierKey]
    _seen: int = 0

    @property
    def name(self) -> str:
        return self.url

    def keep(self, checkpoint: StoredCheckpoint, prover: Prover) -> str:
        answer = self._add(self._seen, checkpoint, prover)
        if answer.status == 409 and answer.kind == "text/x.tlog.size":
            seen = _number(answer.text)
            if seen > checkpoint.size:
                raise Refused(
                    f"The witness {self.url} has signed for {seen} events, and the ledger has"
                    f" {checkpoint.size}: its end is missing. Run oms-ledger verify.",
                    code="anchor_differs",
                )
            answer = self._add(seen, checkpoint, prover)
        if answer.status in (409, 422):
            raise Refused(
                f"The witness {self.url} knows another history. Run oms-ledger verify.",
                code="anchor_differs",
            )
        if answer.status != 200:
            raise Unavailable(f"The witness {self.url} answers {answer.status}: {answer.text}")
        self._seen = checkpoint.size
        return self._cosigned(checkpoint.note, answer.text)

    def _add(self, old: int, checkpoint: StoredCheckpoint, prover: Prover) -> Answer:
        hashes = prover.consistency_hashes(old, checkpoint.size) if old <= checkpoint.size else []
        proof = "".join(f"{b64(h)}\n" for h in hashes)
        body = f"old {old}\n{proof}\n{checkpoint.note}"
        return request("POST", f"{self.url.rstrip('/')}/add-checkpoint", body.encode(), {})

    def _cosigned(self, note: str, lines: str) -> str:
        """The note with the signatures of the witness's own keys below."""
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


# A few lines of HTTP: nothing here needs more.


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    kind: str
    text: str


def request(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """`Unavailable` where nobody answers."""
    parts = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname:
        raise Invalid(f"{url!r} is no http or https address.")
    target = quote(parts.path or "/", safe="/%+") + (f"?{parts.query}" if parts.query else "")
    connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=HTTP_SECONDS)
    try:
        with closing(connection):
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            kind = response.headers.get_content_type()
            return Answer(response.status, kind, response.read(1_000_000).decode("utf-8"))
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        raise Unavailable(f"{url} does not answer: {error!r}.") from error


def _number(text: str) -> int:
    digits = text.strip()
    if not digits.isdecimal():
        raise Unavailable(f"The witness answers {text[:40]!r} instead of a size.")
    return int(digits)
