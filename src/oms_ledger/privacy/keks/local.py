"""Key-encryption keys (KEKs): they wrap data keys, and are never in the database.

`KeyWrapper` is what the key cache needs of them, many keys in a call. The keys of this module are
32 bytes each, in a file or a setting; `remote` has root keys that never leave a service.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oms_ledger.domain.errors import NotFound, Refused

KEY_BYTES = 32
NONCE_BYTES = 12


class WrappedKey(NamedTuple):
    """A data key, wrapped by the key-encryption key with the id `kek` and bound to `name`, the data
    key's own id."""

    name: str
    kek: str
    wrapped: bytes


class KeyWrapper(Protocol):
    def current(self) -> str:
        """The id of the key that wraps new data keys."""

    def wrap(self, keys: Sequence[tuple[str, bytes]]) -> list[WrappedKey]:
        """Wrap data keys, given as pairs of name and key."""

    def unwrap(self, keys: Sequence[WrappedKey]) -> list[bytes]:
        """The data keys. `Refused` if the key-encryption key of one is missing here, `Unavailable`
        if its service does not answer."""

    def renew(self) -> None:
        """Replace the current key, if it is generated here; previous keys still unwrap."""


@dataclass(frozen=True, slots=True)
class Kek:
    """One key-encryption key. Its id is derived from the key and reveals nothing of it."""

    id: str
    key: bytes = field(repr=False)

    @staticmethod
    def of(key: bytes) -> Kek:
        return Kek(sha256(b"oms-ledger kek\n" + key).hexdigest()[:16], key)

    @staticmethod
    def generate() -> Kek:
        return Kek.of(secrets.token_bytes(KEY_BYTES))


class LocalKeks:
    """Keys in memory, the newest first: the first wraps, all unwrap."""

    def __init__(self, keks: Sequence[Kek]) -> None:
        self._current = keks[0].id
        self._ciphers = {kek.id: AESGCM(kek.key) for kek in keks}

    def current(self) -> str:
        return self._current

    def wraps(self, kek: str) -> bool:
        return kek in self._ciphers

    def renew(self) -> None:
        """Nothing: keys given by a setting are replaced by changing the setting."""

    def wrap(self, keys: Sequence[tuple[str, bytes]]) -> list[WrappedKey]:
        kek, cipher = self._current, self._ciphers[self._current]
        nonces = secrets.token_bytes(NONCE_BYTES * len(keys))
        wrapped = []
        for n, (name, key) in enumerate(keys):
            nonce = nonces[n * NONCE_BYTES : (n + 1) * NONCE_BYTES]
            sealed = nonce + cipher.encrypt(nonce, key, _bound(name, kek))
            wrapped.append(WrappedKey(name, kek, sealed))
        return wrapped

    def unwrap(self, keys: Sequence[WrappedKey]) -> list[bytes]:
        return [self._unwrap(each) for each in keys]

    def _unwrap(self, each: WrappedKey) -> bytes:
        cipher = self._ciphers.get(each.kek)
        if cipher is None:
            raise Refused(
                f"The keys of this ledger's persons are wrapped by the key {each.kek}, which is"
                f" not here (here is {', '.join(self._ciphers)}). Put that key into OMS_KEK or"
                " OMS_KEK_FILE.",
                code="wrong_kek",
            )
        nonce, sealed = each.wrapped[:NONCE_BYTES], each.wrapped[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, _bound(each.name, each.kek))
        except InvalidTag:
            raise Refused(
                f"The wrapped key {each.name} was changed since. Restore its row from a backup.",
                code="wrong_kek",
            ) from None


def _bound(name: str, kek: str) -> bytes:
    return f"oms-ledger data key\n{name}\n{kek}".encode()


class KekFile:
    """Keys in a file, one on a line, the newest first. The file is read again when it has changed,
    so that a running process follows a rotation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[int, LocalKeks] | None = None

    def current(self) -> str:
        return self._keks().current()

    def wrap(self, keys: Sequence[tuple[str, bytes]]) -> list[WrappedKey]:
        return self._keks().wrap(keys)

    def unwrap(self, keys: Sequence[WrappedKey]) -> list[bytes]:
        return self._keks().unwrap(keys)

    def renew(self) -> None:
        """Put a new key first and keep the previous one, for processes that have not read the new
        one yet."""
        self.add(Kek.generate(), keep=[self.current()])

    def make(self) -> None:
        """Create the file with a new key, readable by this user alone, unless it exists."""
        if self.path.exists():
            return
        made = self._beside([Kek.generate()])
        try:
            os.link(made, self.path)  # unlike a rename this fails where another was first
        except FileExistsError:
            pass
        finally:
            made.unlink()

    def add(self, kek: Kek, keep: Sequence[str]) -> None:
        """Put a key first; of the previous keys keep those with the ids in `keep`."""
        kept = [old for old in self.keks() if old.id in keep and old.id != kek.id]
        os.replace(self._beside([kek, *kept]), self.path)

    def keks(self) -> list[Kek]:
        try:
            mode = self.path.stat().st_mode
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            raise NotFound(
                f"The key that opens personal data is missing: no file {self.path}. Put it back"
                " from its backup, or name it with OMS_KEK_FILE or OMS_KEK.",
                code="kek_missing",
            ) from None
        if os.name == "posix" and mode & 0o077:
            raise Refused(
                f"Others may read the key-encryption key. Run: chmod 600 {self.path}",
                code="kek_exposed",
            )
        return parse(text, str(self.path))

    def _keks(self) -> LocalKeks:
        try:
            changed = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            changed = -1
        if self._read is None or self._read[0] != changed:
            self._read = (changed, LocalKeks(self.keks()))
        return self._read[1]

    def _beside(self, keks: Sequence[Kek]) -> Path:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self.path.with_name(f"{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.writelines(f"{b64encode(kek.key).decode()}\n" for kek in keks)
            out.flush()
            os.fsync(out.fileno())
        return made


def parse(text: str, where: str) -> list[Kek]:
    """The keys in a text, separated by white space. `Refused` if there is none or one is malformed;
    the error does not repeat it."""
    keys = []
    for number, word in enumerate(text.split(), 1):
        try:
            key = b64decode(word, validate=True)
        except (NotBase64, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise Refused(
                f"{where}: key {number} is not 32 bytes in base64. Make one with:"
                " openssl rand -base64 32",
                code="wrong_kek",
            )
        keys.append(Kek.of(key))
    if not keys:
        raise Refused(
            f"{where}: there is no key in it. Make one with: openssl rand -base64 32",
            code="wrong_kek",
        )
    return keys
