"""Root keys that never leave a remote key service, in envelope encryption.

One remote call for each new person would be slow. So the service wraps one *wrapping key* that is
generated here; the wrapping key wraps the *data keys* of persons. The wrapping key, itself wrapped
by the root key, is stored in front of every data key: a row of the table and the service are enough
to unwrap it. A process calls the service once, when it starts, and caches the answer for its
lifetime.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Lock
from typing import Protocol

import structlog

from oms_ledger.domain.errors import Refused, Unavailable
from oms_ledger.privacy.keks.local import KEY_BYTES, Kek, LocalKeks, WrappedKey

log = structlog.get_logger(__name__)

CALL_SECONDS = 3.0
"""Timeout for each read from a service, once connected."""

CONNECT_SECONDS = 2.0

BACKOFF_SECONDS = 1.0
"""After a failed call no other is made for this long, so that threads do not all wait for a
service that is down."""

LENGTH_BYTES = 2

CACHED_MAX = 1000


class RemoteKeyFailed(Exception):
    """A call failed: the service is down, or refuses. `why` becomes part of an error message: it
    contains no secret, and the remedy if there is one."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class UnwrapRefused(Exception):
    """A wrapped key was wrapped by another root key or for another ledger, or was altered."""

    def __init__(self, why: str = "") -> None:
        super().__init__(why)
        self.why = why


class RemoteRootKey(Protocol):
    """A root key in a remote service, bound to one ledger: it unwraps only what it wrapped for
    this ledger."""

    @property
    def name(self) -> str:
        """The key's name as written in OMS_KEK; stored with every data key."""

    def wrap(self, key: bytes) -> bytes:
        """Raises `RemoteKeyFailed`."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises `RemoteKeyFailed`, or `UnwrapRefused` if no retry can succeed."""


class RemoteKeks:
    """Wraps data keys by a wrapping key that a remote root key wraps. Used by any number of
    threads."""

    def __init__(self, root_key: RemoteRootKey) -> None:
        self._root_key = root_key
        self._calling = Lock()
        self._retry_after = 0.0
        self._current: tuple[bytes, LocalKeks] | None = None
        self._cache: dict[bytes, bytes] = {}

    def current(self) -> str:
        return self._wrapping_key()[1].current()

    def wraps(self, kek: str) -> bool:
        return kek.rpartition("#")[0] == self._root_key.name

    def renew(self) -> None:
        with self._calling:
            self._generate()

    def wrap(self, keys: Sequence[tuple[str, bytes]]) -> list[WrappedKey]:
        wrapping_key, keks = self._wrapping_key()
        head = len(wrapping_key).to_bytes(LENGTH_BYTES, "big") + wrapping_key
        return [each._replace(wrapped=head + each.wrapped) for each in keks.wrap(keys)]

    def unwrap(self, keys: Sequence[WrappedKey]) -> list[bytes]:
        return [self._unwrap(each) for each in keys]

    def _unwrap(self, each: WrappedKey) -> bytes:
        if not self.wraps(each.kek):
            raise Refused(
                f"The keys of this ledger's persons are wrapped by {each.kek.partition('#')[0]},"
                f" and OMS_KEK names {self._root_key.name}. Put the former behind it.",
                code="wrong_kek",
            )
        end = LENGTH_BYTES + int.from_bytes(each.wrapped[:LENGTH_BYTES], "big")
        wrapping_key, data_key = each.wrapped[LENGTH_BYTES:end], each.wrapped[end:]
        keks = LocalKeks([Kek(each.kek, self._unwrapped(wrapping_key))])
        return keks.unwrap([each._replace(wrapped=data_key)])[0]

    def _wrapping_key(self) -> tuple[bytes, LocalKeks]:
        """The current wrapping key: as wrapped by the root key, and ready for use."""
        with self._calling:
            return self._current or self._generate()

    def _generate(self) -> tuple[bytes, LocalKeks]:
        key = Kek.generate().key
        wrapped = self._call(lambda: self._root_key.wrap(key))
        self._remember(wrapped, key)
        return self._use(wrapped, key)

    def _use(self, wrapped: bytes, key: bytes) -> tuple[bytes, LocalKeks]:
        kek = f"{self._root_key.name}#{sha256(wrapped).hexdigest()[:16]}"
        self._current = wrapped, LocalKeks([Kek(kek, key)])
        return self._current

    def _unwrapped(self, wrapping_key: bytes) -> bytes:
        """A wrapping key unwrapped. The first one stays the current one: every process unwraps the
        ledger's own key first, so all processes wrap by the same wrapping key."""
        with self._calling:
            key = self._cache.get(wrapping_key)
            if key is None:
                key = self._call(lambda: self._root_key.unwrap(wrapping_key))
                if len(key) != KEY_BYTES:
                    raise _refused(self._root_key.name, "it unwraps something else")
                self._remember(wrapping_key, key)
                if self._current is None:
                    self._use(wrapping_key, key)
            return key

    def _remember(self, wrapped: bytes, key: bytes) -> None:
        while len(self._cache) >= CACHED_MAX:
            self._cache.pop(next(iter(self._cache)))
        self._cache[wrapped] = key

    def _call(self, call: Callable[[], bytes]) -> bytes:
        if time.monotonic() < self._retry_after:
            raise _unavailable("it did not answer a moment ago")
        try:
            return call()
        except RemoteKeyFailed as error:
            self._retry_after = time.monotonic() + BACKOFF_SECONDS
            log.warning("key_service_failed", service=self._root_key.name, why=error.why)
            raise _unavailable(error.why) from None
        except UnwrapRefused as error:
            raise _refused(self._root_key.name, error.why) from None


def _unavailable(why: str) -> Unavailable:
    return Unavailable(
        f"The service that has the key of personal data is of no help: {why}. Nothing was"
        " written or shown; send the same again later.",
        retry_after_seconds=2,
    )


def _refused(name: str, why: str) -> Refused:
    return Refused(
        f"{name} does not unwrap the keys of this ledger's persons"
        f"{f' ({why})' if why else ''}. Were they wrapped by another key, or under another name of"
        " the ledger? Put that key into OMS_KEK, or restore the row from a backup.",
        code="wrong_kek",
    )
