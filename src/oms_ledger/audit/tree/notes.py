"""Signing keys, signed notes, and the rotation note by which one key hands over to the next."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oms_ledger.audit.standalone.hashes import Unproven, b64, unb64
from oms_ledger.audit.standalone.notes import (
    ED25519,
    ROTATION,
    SIGNATURE_MARK,
    Checkpoint,
    VerifierKey,
)

_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key; `name` is the origin it signs for. Its text form is that of Go's note
    package: `PRIVATE+KEY+name+id+base64(kind, seed)`."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        name, _, rest = text.strip().removeprefix(_PRIVATE).partition("+")
        given, _, packed = rest.partition("+")
        raw = unb64(packed)
        if not text.startswith(_PRIVATE) or len(raw) != 33 or raw[0] != ED25519:
            raise Unproven("this is no signing key (PRIVATE+KEY+name+id+base64)")
        key = cls(name, Ed25519PrivateKey.from_private_bytes(raw[1:]))
        if key.verifier.id.hex() != given:
            raise Unproven("the signing key's id is not its own: the file was damaged")
        return key

    def text(self) -> str:
        """The private key as text, to be written to its file only."""
        seed = b64(bytes([ED25519]) + self.private.private_bytes_raw())
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{seed}\n"

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.name}+{self.verifier.id.hex()})"


def sign(text: str, *keys: SigningKey) -> str:
    """The text, which must end in a newline, as a note signed by the keys."""
    lines = [
        f"{SIGNATURE_MARK}{key.name} {b64(key.verifier.id + key.private.sign(text.encode()))}\n"
        for key in keys
    ]
    return f"{text}\n{''.join(lines)}"


def origin(ledger: str, ledger_id: str) -> str:
    """The origin line of a ledger's checkpoints, and the name of its keys. It never changes."""
    return f"oms-ledger/{ledger}/{ledger_id}"


def checkpoint(origin: str, size: int, root: bytes, *keys: SigningKey) -> str:
    """A signed checkpoint."""
    return sign(Checkpoint(origin, size, root).text, *keys)


def rotation(old: SigningKey, new: SigningKey, from_size: int) -> str:
    """The note that extends trust from one key to the other. It names both keys, and both sign."""
    text = f"{ROTATION}\n{old.name}\n{old.verifier}\n{new.verifier}\nfrom {from_size}\n"
    return sign(text, old, new)
