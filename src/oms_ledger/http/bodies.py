"""Bodies of requests: read within bounds of size, time and memory, and checked for card data. Those
of batches are checked item by item (`commands/batch_body.py`).

A large body is read and checked in a thread, in the turn of its caller, so that nobody else waits
for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from oms_ledger import heap
from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.errors import BodyTooSlow, RateLimited, TooLarge, UnsupportedMediaType
from oms_ledger.http.requests import Headers, refuse_nul
from oms_ledger.http.time_limits import TimeLimit, TimeLimits
from oms_ledger.http.turns import CALLER, RETRY_SECONDS, FairTurns
from oms_ledger.privacy import cards
from oms_ledger.privacy.cards import Inspection
from oms_ledger.validation import parse_json

T = TypeVar("T")

BODY_BYTES_MAX = 10_000_000
"""Of a batch. Its items are split, and each read by itself."""
COMMAND_BYTES_MAX = 1_000_000
"""Of one command, or one item of a batch. An order of 2,000 lines has a fifth of it. To read a
command holds up all threads of the process: 40 ms for each million bytes at worst."""
BODY_VALUES_MAX = 500_000
COMMAND_VALUES_MAX = 20_000
"""An order of 2,000 lines has 14,000 values. An invalid value costs more to report
than to send."""

BODY_SECONDS_MAX = 30.0
"""How long a body may take to arrive."""

BODIES_BYTES_MAX = 64_000_000
BODIES_BYTES_OF_CALLER = 24_000_000
"""What the bodies of running requests may hold in memory, in one process: all together, and those
of one caller."""

SMALL_BYTES = 16_384
"""A body up to this size is read and checked at once: a thread would cost more."""

READ_BODIES_MAX = 1
"""Large bodies that are read and checked at the same time."""

WAITING_BODIES_MAX = 32
"""Large bodies of one caller that may wait for that."""

_BODIES = "oms.bodies"

_JSON = "application/json"
_JSON_TYPE = re.compile(
    r"application/(?:[a-z0-9.-]+\+)?json\s*(?:;\s*charset=\"?utf-8\"?\s*)?;?", re.IGNORECASE
)


class Bodies:
    """What the bodies of all running requests hold. Belongs to one event loop."""

    def __init__(self) -> None:
        self.turns = FairTurns(READ_BODIES_MAX, WAITING_BODIES_MAX)
        self.time_limits = TimeLimits()
        self.held = 0
        self.freed = 0
        self._of_caller: dict[str, int] = {}

    def hold(self, caller: str, size: int) -> None:
        """Count bytes of a body; `Overloaded` or `RateLimited` where there are too many."""
        if self.held + size > BODIES_BYTES_MAX:
            raise Overloaded("Too many large bodies are arriving. Try again in a second.")
        mine = self._of_caller.get(caller, 0) + size
        if mine > BODIES_BYTES_OF_CALLER:
            raise RateLimited(
                f"Your requests under way have more than {BODIES_BYTES_OF_CALLER:,} bytes together."
                " Send fewer at a time.",
                seconds=RETRY_SECONDS,
                reason="too_large_bodies",
            )
        self.held += size
        self._of_caller[caller] = mine

    def release(self, caller: str, size: int) -> None:
        self.held -= size
        self.freed += size
        left = self._of_caller[caller] - size
        if left:
            self._of_caller[caller] = left
        else:
            del self._of_caller[caller]

    def give_back(self) -> None:
        """Give back memory to the operating system where large bodies have left some."""
        if self.freed >= heap.LARGE_BYTES and not self.held:
            self.freed = 0
            heap.give_back()


class HeldBody:
    """The body of one request, as far as it has arrived. `release` must be called when the request
    has ended."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._caller = ""
        self._size = 0

    def put_into(self, request: Request) -> None:
        request.scope[_BODIES] = self

    def hold(self, size: int) -> None:
        self._caller = CALLER.get()
        self._bodies.hold(self._caller, size)
        self._size += size

    def release(self) -> None:
        if self._size:
            self._bodies.release(self._caller, self._size)
            self._size = 0

    def time_limit(self, seconds: float) -> TimeLimit:
        return self._bodies.time_limits.of(seconds)

    async def work(self, size: int, blocking: Callable[[], T]) -> T:
        """Do what `size` bytes of the body require: at once, or in a thread where it takes long."""
        if size <= SMALL_BYTES:
            return blocking()
        return await self._bodies.turns.run(blocking)


def body_held(request: Request) -> HeldBody:
    held: HeldBody = request.scope[_BODIES]
    return held


async def command_body_of(request: Request, headers: Headers) -> bytes:
    """The body of one command, as `unchecked_body_of` reads it; `Invalid` where it has card data or
    NUL."""
    body = await unchecked_body_of(request, headers, COMMAND_BYTES_MAX)
    await body_held(request).work(len(body), partial(check_body, body))
    return body


async def unchecked_body_of(
    request: Request, headers: Headers, most: int = BODY_BYTES_MAX
) -> bytes:
    """The body, which may have card data: it must be checked before anything is kept of it.
    `TooLarge` before all of it is read, `BodyTooSlow` where it does not end in time,
    `UnsupportedMediaType` if it is not JSON."""
    body = await raw_body_of(request, headers, most)
    kind = headers.get("content-type", "")
    if body and kind != _JSON and not _JSON_TYPE.fullmatch(kind.strip()):
        raise UnsupportedMediaType("Send JSON, and say so: `Content-Type: application/json`.")
    coding = headers.get("content-encoding")
    if coding is not None and coding.lower() != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    return body


async def raw_body_of(request: Request, headers: Headers, most: int) -> bytes:
    """The body as it was sent, of any media type. `TooLarge` before all of it is read,
    `BodyTooSlow` where it does not end in time."""
    held = body_held(request)
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        raise _too_large(most)
    try:
        with held.time_limit(BODY_SECONDS_MAX):
            return await _arrived(request, held, most)
    except TimeoutError:
        raise BodyTooSlow(
            f"The body has not arrived within {BODY_SECONDS_MAX:g} s. Send it again, in one go."
        ) from None


async def _arrived(request: Request, held: HeldBody, most: int) -> bytes:
    receive = request.receive
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        if chunk:
            held.hold(len(chunk))
            chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def check_body(body: bytes) -> None:
    """`TooLarge` where a body has too many values, `Invalid` where it has card data or NUL."""
    refuse_too_many(body, BODY_VALUES_MAX)
    refuse_card_data_and_nul(body, Inspection())


def refuse_card_data_and_nul(text: bytes, inspection: Inspection, within: str = "") -> None:
    """`Invalid` where a JSON text has card data or the character NUL. `within` is the place of the
    text in the body, for the names of fields."""
    if cards.may_hold_card_data(text):
        inspection.refuse(value := parse_json(text), within)
        if b"\\u0000" in text:
            refuse_nul(value, within)


def refuse_too_many(body: bytes, most: int) -> None:
    """`TooLarge` where a body, or a part of it, has more than `most` values: commas are counted."""
    if body.count(b",") > most:
        raise TooLarge(f"There are more than {most:,} values. Send them in smaller parts.")


def refuse_large_command(body: bytes) -> None:
    """`TooLarge` where the text of one command has too many bytes or values."""
    if len(body) > COMMAND_BYTES_MAX:
        raise _too_large(COMMAND_BYTES_MAX)
    refuse_too_many(body, COMMAND_VALUES_MAX)


def _too_large(most: int) -> TooLarge:
    what = "The body" if most == BODY_BYTES_MAX else "One command"
    return TooLarge(f"{what} has more than {most:,} bytes. Send it in smaller parts.")
