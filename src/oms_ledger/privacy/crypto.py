"""Sealing personal values and opening them: AES-256-GCM, one key for each person.

A sealed value is `sealed:v1:<key id>:<base64url of nonce and ciphertext>`, bound to its ledger,
its key and the name of its field. The nonce follows from what is sealed (by keyed BLAKE2b), so that
the same value of the same person in the same field is the same text, and an order that is sent
again is still equal to itself. What that shows, and to whom, is in docs/privacy.md.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oms_ledger.domain.personal import SEALED

NONCE_BYTES = 12
KEY_BYTES = 32
TIME_BYTES, ID_BYTES = 6, 9

SAME_FIELD = {"recipient": "name", "first_name": "name"}
"""Fields that a sealed value is handed on to, and the field it was sealed in."""


class Unreadable(Exception):
    """A sealed text that this key does not open: another's, or changed since."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one person. `blinds` are the e-mail addresses, blinded, by which the index
    leads here, as far as this process knows."""

    id: str
    subject: str
    cipher: AESGCM = field(repr=False)
    nonces: bytes = field(repr=False)
    place: bytes
    blinds: set[str] = field(default_factory=set)

    @staticmethod
    def of(key_id: str, subject: str, ledger: str, key: bytes) -> DataKey:
        """Two keys from the one: what seals must not also make the nonces."""
        place = f"{ledger}\n{key_id}\n".encode()
        both = blake2b(b"oms-ledger seal and nonce v1", key=key).digest()
        return DataKey(key_id, subject, AESGCM(both[:KEY_BYTES]), both[KEY_BYTES:], place)

    def seal(self, text: str, name: str) -> str:
        plain, place = text.encode(), self._place(name)
        nonce = blake2b(place + plain, key=self.nonces, digest_size=NONCE_BYTES).digest()
        sealed = nonce + self.cipher.encrypt(nonce, plain, place)
        return f"{SEALED}{self.id}:{urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open(self, sealed: str, name: str) -> str:
        """What was sealed in a field of that name; `Unreadable` where it was not, or not so."""
        text = sealed.removeprefix(f"{SEALED}{self.id}:")
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            nonce, rest = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
            return self.cipher.decrypt(nonce, rest, self._place(name)).decode()
        except (InvalidTag, NotBase64, ValueError) as error:
            raise Unreadable from error

    def _place(self, name: str) -> bytes:
        return self.place + f"{SAME_FIELD.get(name, name)}\n".encode()


class LedgerKey:
    """The one key that is the ledger's own: it blinds e-mail addresses and fingerprints, so that
    neither can be guessed at without it."""

    def __init__(self, ledger: str, key: bytes) -> None:
        self.ledger = ledger
        self._emails = _derived(key, "e-mail")
        self._fingerprints = _derived(key, "fingerprint")

    def blind(self, email: str) -> str:
        """What stands for an e-mail address, however it is written."""
        plain = email.strip().casefold().encode()
        return blake2b(plain, key=self._emails, digest_size=KEY_BYTES).hexdigest()

    def fingerprint(self, plain: bytes) -> bytes:
        return hmac.digest(self._fingerprints, plain, "sha256")


class NewKey(NamedTuple):
    """A data key that is to be kept, unless its subject has one."""

    id: str
    subject: str
    key: bytes


def new_keys(subjects: Sequence[str], now: datetime) -> list[NewKey]:
    """Keys of nobody else's. Ids begin with the time, so that those of one batch lie side by side
    in an index."""
    size = ID_BYTES + KEY_BYTES
    drawn = secrets.token_bytes(size * len(subjects))
    when = int(now.timestamp() * 1000).to_bytes(TIME_BYTES, "big")
    made = []
    for n, subject in enumerate(subjects):
        its = drawn[n * size : (n + 1) * size]
        key_id = urlsafe_b64encode(when + its[:ID_BYTES]).decode()
        made.append(NewKey(key_id, subject, its[ID_BYTES:]))
    return made


class Keyring:
    """The keys that this process knows, by person and by id; the oldest are forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: dict[str, DataKey] = {}
        self._by_id: dict[str, DataKey] = {}

    def of(self, subject: str) -> DataKey | None:
        return self._of.get(subject)

    def by_id(self, key_id: str) -> DataKey | None:
        return self._by_id.get(key_id)

    def add(self, keys: Iterable[DataKey]) -> None:
        for key in keys:
            self._by_id[key.id] = self._of[key.subject] = key
        while len(self._by_id) > self._most:
            oldest = next(iter(self._by_id), None)
            if oldest is None:
                return
            self.drop((oldest,))

    def drop(self, ids: Iterable[str]) -> None:
        for key_id in ids:
            key = self._by_id.pop(key_id, None)
            if key is not None and self._of.get(key.subject) is key:
                self._of.pop(key.subject, None)

    def __len__(self) -> int:
        return len(self._by_id)


def _derived(key: bytes, use: str) -> bytes:
    return hmac.digest(key, f"oms-ledger {use} v1".encode(), "sha256")
