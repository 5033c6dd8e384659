"""Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .hashes import Unproven, b64, unb64

ED25519 = 1
COSIGNATURE = 4
SIGNATURE_MARK = "\N{EM DASH} "
ROTATION = "oms-ledger/key-rotation/v1"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key that verifies signatures. Its text form is `name+id+base64(kind, key)`."""

    name: str
    public: bytes
    kind: int = ED25519

    @property
    def id(self) -> bytes:
        """The first four bytes of the SHA-256 over name, kind and key, as signatures name it."""
        named = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return sha256(named).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        name, _, rest = text.strip().partition("+")
        given, _, packed = rest.partition("+")
        raw = unb64(packed)
        if not name or len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            raise Unproven(f"{text.strip()!r} is no verifier key (name+id+base64)")
        key = cls(name, raw[1:], raw[0])
        if key.id.hex() != given:
            raise Unproven(f"the id in the verifier key of {name} is not its own: a typing error?")
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line of a note: the name and id of its key, and the signature."""

    name: str
    key_id: bytes
    signature: bytes

    def claims(self, key: VerifierKey) -> bool:
        """Whether it names this key. The signature itself is not checked."""
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, with its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        text, blank, rest = note.rpartition("\n\n")
        lines = rest.splitlines()
        if not blank or not lines or not note.endswith("\n"):
            raise Unproven("this is no signed note: text, blank line, signatures")
        return cls(text + "\n", tuple(signature_line(line) for line in lines))


def signature_line(line: str) -> Signature:
    name, _, packed = line.removeprefix(SIGNATURE_MARK).partition(" ")
    raw = unb64(packed)
    if not line.startswith(SIGNATURE_MARK) or not name or len(raw) < 5:
        raise Unproven(f"{line[:60]!r} is no signature line")
    return Signature(name, raw[:4], raw[4:])


def signers(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """Those of the keys that signed the note. `Unproven` where a signature names one of them and
    is not valid."""
    valid = []
    for key in keys:
        for signature in note.signatures:
            if signature.claims(key):
                check_signature(key, note.text, signature.signature)
                valid.append(key)
    return valid


def check_signature(key: VerifierKey, text: str, signature: bytes) -> None:
    """`Unproven` unless the signature by the key is valid. A cosignature, by a witness, begins with
    its time, which it covers too."""
    message = text.encode()
    if key.kind == COSIGNATURE:
        at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        message = f"cosignature/v1\ntime {at}\n".encode() + message
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        raise Unproven(f"the signature of {key.name} does not fit the text") from None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size and root of the log named by `origin`."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        lines = text.split("\n")
        if len(lines) < 4:
            raise Unproven("this is no checkpoint: it has too few lines")
        root = unb64(lines[2])
        size = int(lines[1]) if re.fullmatch("0|[1-9][0-9]*", lines[1]) else -1
        if len(root) != 32 or size < 0 or not lines[0]:
            raise Unproven("this is no checkpoint: origin, size, root")
        return cls(lines[0], size, root)


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint in a note that one of the keys signed; otherwise `Unproven`."""
    parsed = Note.parse(note)
    if not signers(parsed, keys):
        by = ", ".join(f"{s.name}+{s.key_id.hex()}" for s in parsed.signatures)
        raise Unproven(f"the checkpoint is signed by {by}, and by no key that is trusted")
    return Checkpoint.parse(parsed.text)


def trusted(keys: Sequence[VerifierKey], rotations: Iterable[str]) -> list[VerifierKey]:
    """The keys, and those linked to them by rotation notes, older or newer. A rotation note names
    two keys and is signed by both. Two signatures below one checkpoint link no keys, since anyone
    can add a signature."""
    linked = list(dict.fromkeys(keys))
    pairs = [_rotation(text) for text in rotations]
    while new := [
        key for pair in pairs if any(k in linked for k in pair) for key in pair if key not in linked
    ]:
        linked += dict.fromkeys(new)
    return linked


def _rotation(text: str) -> tuple[VerifierKey, VerifierKey]:
    note = Note.parse(text)
    lines = note.text.split("\n")
    if len(lines) != 6 or lines[0] != ROTATION:
        raise Unproven("this is no note of a key rotation")
    old, new = VerifierKey.parse(lines[2]), VerifierKey.parse(lines[3])
    if len(signers(note, [old, new])) < 2:
        raise Unproven("a key rotation must be signed by both keys")
    return old, new
