"""Encryption of personal values: AES-256-GCM with one data key for each data subject.

A sealed value is `sealed:v1:<key id>:<base64url of nonce and ciphertext>`, bound to its ledger,
its key and the name of its field (associated data). The nonce is derived from the plain text by
keyed BLAKE2b, so encryption is deterministic: the same value of the same person in the same field
is the same text, and a repeated order equals the first. docs/privacy.md says what this reveals.
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
from oms_ledger.domain.store_credit.accounts import KEY_PREFIX

NONCE_BYTES = 12
KEY_BYTES = 32
TIME_BYTES, ID_BYTES = 6, 9

TEXTS_MAX = 64
"""Opened values that are kept with each key: an order is shown again and again."""


class Unreadable(Exception):
    """A sealed value does not open: it was sealed with another key or in another field, or was
    altered."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one data subject. `blinds` are the blinded e-mail addresses for which this process
    knows that the index leads to the key. `context` is the associated data but for the name of the
    field. `texts` are values that were opened, by sealed text and field; they go with the key."""

    id: str
    subject: str
    cipher: AESGCM = field(repr=False)
    nonces: bytes = field(repr=False)
    context: bytes
    blinds: set[str] = field(default_factory=set)
    texts: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(key_id: str, subject: str, ledger: str, key: bytes) -> DataKey:
        """Derives separate keys for encryption and for nonces from a stored key."""
        context = f"{ledger}\n{key_id}\n".encode()
        both = blake2b(b"oms-ledger seal and nonce v1", key=key).digest()
        return DataKey(key_id, subject, AESGCM(both[:KEY_BYTES]), both[KEY_BYTES:], context)

    def seal(self, text: str, name: str) -> str:
        plain, context = text.encode(), self._context(name)
        nonce = blake2b(context + plain, key=self.nonces, digest_size=NONCE_BYTES).digest()
        sealed = nonce + self.cipher.encrypt(nonce, plain, context)
        return f"{SEALED}{self.id}:{urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open(self, sealed: str, name: str) -> str:
        """The value that was sealed in a field of this name; raises `Unreadable`."""
        opened = self.texts.get((sealed, name))
        if opened is None:
            opened = self.open_once(sealed, name)
            if len(self.texts) >= TEXTS_MAX:
                self.texts.clear()
            self.texts[sealed, name] = opened
        return opened

    def open_once(self, sealed: str, name: str) -> str:
        """As `open`; the value is not kept in memory."""
        text = sealed.removeprefix(f"{SEALED}{self.id}:")
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            nonce, rest = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
            return self.cipher.decrypt(nonce, rest, self._context(name)).decode()
        except (InvalidTag, NotBase64, ValueError) as error:
            raise Unreadable from error

    def _context(self, name: str) -> bytes:
        return self.context + f"{name}\n".encode()


class LedgerKey:
    """The ledger's own key, which blinds e-mail addresses, names of accounts and request
    fingerprints: without the key none can be found by guessing."""

    def __init__(self, ledger: str, key: bytes) -> None:
        self.ledger = ledger
        self._emails = _derived(key, "e-mail")
        self._accounts = _derived(key, "store credit account")
        self._fingerprints = _derived(key, "fingerprint")

    def blind(self, email: str) -> str:
        """The blind of an e-mail address: a keyed hash that ignores case and outer blanks."""
        plain = email.strip().casefold().encode()
        return blake2b(plain, key=self._emails, digest_size=KEY_BYTES).hexdigest()

    def account(self, name: str) -> str:
        """The key of an account of store credit: a keyed hash of its name, exactly as written."""
        hashed = blake2b(name.encode(), key=self._accounts, digest_size=KEY_BYTES).hexdigest()
        return f"{KEY_PREFIX}{hashed}"

    def fingerprint(self, plain: bytes) -> bytes:
        return hmac.digest(self._fingerprints, plain, "sha256")


class NewKey(NamedTuple):
    """A generated data key, to be stored unless its subject has one."""

    id: str
    subject: str
    key: bytes


def new_keys(subjects: Sequence[str], now: datetime) -> list[NewKey]:
    """Generate a data key for each subject. Ids begin with the time, so that those of one batch are
    adjacent in an index."""
    size = ID_BYTES + KEY_BYTES
    random = secrets.token_bytes(size * len(subjects))
    when = int(now.timestamp() * 1000).to_bytes(TIME_BYTES, "big")
    keys = []
    for n, subject in enumerate(subjects):
        part = random[n * size : (n + 1) * size]
        key_id = urlsafe_b64encode(when + part[:ID_BYTES]).decode()
        keys.append(NewKey(key_id, subject, part[ID_BYTES:]))
    return keys


class Keyring:
    """Data keys in memory, by subject and by id. Beyond `most` the oldest are dropped."""

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
