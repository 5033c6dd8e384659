"""Key-encryption keys that never leave the service that has them.

Asking a service for every person would cost each newcomer's order a call over the network. So the
service wraps one key that is drawn here, which wraps those of persons and travels, wrapped, with
each of them: a row of the table and the service open it, nothing else is needed. A process asks
once, when it starts; an answer is kept as long as the process lives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Lock
from typing import Protocol

import structlog

from oms_ledger.domain.errors import Refused, Unavailable
from oms_ledger.privacy.keks.local import KEY_BYTES, Kek, LocalKeks, Wrapped

log = structlog.get_logger(__name__)

CALL_SECONDS = 3.0
"""How long a service is waited for, once connected."""

CONNECT_SECONDS = 2.0

QUIET_SECONDS = 1.0
"""After a failed call: so long nobody asks again, so that threads do not all wait for a service
that is away."""

LENGTH_BYTES = 2

OPENED_MOST = 1000


class ServiceFailed(Exception):
    """A service did not do what it was asked: it is away, or says no. `why` is said to whoever
    asked, so that it names nothing secret, and what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotItsOwn(Exception):
    """What was to be unwrapped is of another key or another ledger, or was changed since."""

    def __init__(self, why: str = "") -> None:
        super().__init__(why)
        self.why = why


class KeyService(Protocol):
    """A key in a service, used for one ledger: what is wrapped for another it does not unwrap."""

    @property
    def name(self) -> str:
        """As it is written in OMS_KEK. It is kept with every key."""

    def wrap(self, key: bytes) -> bytes:
        """`ServiceFailed` where that cannot be had."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """`ServiceFailed` where that cannot be had, `NotItsOwn` where it cannot be at all."""


class ServiceKeks:
    """A service's key, for any number of threads."""

    def __init__(self, service: KeyService) -> None:
        self._service = service
        self._asking = Lock()
        self._quiet_until = 0.0
        self._ours: tuple[bytes, LocalKeks] | None = None
        self._opened: dict[bytes, bytes] = {}

    def current(self) -> str:
        return self._wrapping()[1].current()

    def knows(self, kek: str) -> bool:
        return kek.rpartition("#")[0] == self._service.name

    def renew(self) -> None:
        with self._asking:
            self._draw()

    def wrap(self, keys: Sequence[tuple[str, bytes]]) -> list[Wrapped]:
        carried, ours = self._wrapping()
        head = len(carried).to_bytes(LENGTH_BYTES, "big") + carried
        return [each._replace(wrapped=head + each.wrapped) for each in ours.wrap(keys)]

    def unwrap(self, keys: Sequence[Wrapped]) -> list[bytes]:
        return [self._unwrap(each) for each in keys]

    def _unwrap(self, each: Wrapped) -> bytes:
        if not self.knows(each.kek):
            raise Refused(
                f"The keys of this ledger's persons are wrapped by {each.kek.partition('#')[0]},"
                f" and OMS_KEK names {self._service.name}. Put the former behind it.",
                code="wrong_kek",
            )
        end = LENGTH_BYTES + int.from_bytes(each.wrapped[:LENGTH_BYTES], "big")
        carried, sealed = each.wrapped[LENGTH_BYTES:end], each.wrapped[end:]
        ours = LocalKeks([Kek(each.kek, self._key_in(carried))])
        return ours.unwrap([each._replace(wrapped=sealed)])[0]

    def _wrapping(self) -> tuple[bytes, LocalKeks]:
        """The key that wraps, as it is carried along, and itself."""
        with self._asking:
            return self._ours or self._draw()

    def _draw(self) -> tuple[bytes, LocalKeks]:
        key = Kek.generate().key
        carried = self._asked(lambda: self._service.wrap(key))
        self._remember(carried, key)
        return self._use(carried, key)

    def _use(self, carried: bytes, key: bytes) -> tuple[bytes, LocalKeks]:
        kek = f"{self._service.name}#{sha256(carried).hexdigest()[:16]}"
        self._ours = carried, LocalKeks([Kek(kek, key)])
        return self._ours

    def _key_in(self, carried: bytes) -> bytes:
        """The key that was carried along. The first of all goes on wrapping: every process opens
        the ledger's own key first, so that all of them share what that was wrapped by."""
        with self._asking:
            key = self._opened.get(carried)
            if key is None:
                key = self._asked(lambda: self._service.unwrap(carried))
                if len(key) != KEY_BYTES:
                    raise _not_its_own(self._service.name, "it unwraps something else")
                self._remember(carried, key)
                if self._ours is None:
                    self._use(carried, key)
            return key

    def _remember(self, carried: bytes, key: bytes) -> None:
        while len(self._opened) >= OPENED_MOST:
            self._opened.pop(next(iter(self._opened)))
        self._opened[carried] = key

    def _asked(self, ask: Callable[[], bytes]) -> bytes:
        if time.monotonic() < self._quiet_until:
            raise _unavailable("it did not answer a moment ago")
        try:
            return ask()
        except ServiceFailed as error:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning("key_service_failed", service=self._service.name, why=error.why)
            raise _unavailable(error.why) from None
        except NotItsOwn as error:
            raise _not_its_own(self._service.name, error.why) from None


def _unavailable(why: str) -> Unavailable:
    return Unavailable(
        f"The service that has the key of personal data is of no help: {why}. Nothing was"
        " written or shown; send the same again later.",
        retry_after_seconds=2,
    )


def _not_its_own(name: str, why: str) -> Refused:
    return Refused(
        f"{name} does not unwrap the keys of this ledger's persons"
        f"{f' ({why})' if why else ''}. Were they wrapped by another key, or under another name of"
        " the ledger? Put that key into OMS_KEK, or restore the row from a backup.",
        code="wrong_kek",
    )
