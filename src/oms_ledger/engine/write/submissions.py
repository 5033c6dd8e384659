"""What goes into the writer, and what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from oms_ledger.domain import errors
from oms_ledger.domain.errors import OmsError
from oms_ledger.kernel import Command, Context, Json, Ref


@dataclass(frozen=True, slots=True)
class Idempotency:
    """`scope` is whose key it is (an API key's id), `fingerprint` a hash of the request."""

    scope: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """A command on its way to the writer. `expected` is a stream and the version the caller
    believes it has."""

    command: Command
    ctx: Context
    idempotency: Idempotency | None = None
    expected: tuple[Ref, int] | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`position` of the last event written (the head where none was), how many `events` were
    written, and whether a receipt says that the answer was given before (`replayed`). `wrote`
    tells whether events were written by now, or when the answer was first given."""

    answer: Mapping[str, Json]
    position: int
    events: int
    replayed: bool
    wrote: bool


Result = Outcome | OmsError


class Waiting:
    """A submission and whoever waits for it: a thread, or a coroutine on its event loop."""

    __slots__ = ("future", "loop", "submission")

    def __init__(
        self,
        submission: Submission,
        future: Future[Outcome] | asyncio.Future[Outcome],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.submission = submission
        self.future = future
        self.loop = loop


def deliver(results: Iterable[tuple[Waiting, Outcome | Exception]]) -> None:
    """Wake everybody, each event loop once for all its waiters."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Outcome | Exception]]] = {}
    for waiting, result in results:
        if waiting.loop is None:
            _settle(waiting.future, result)
        else:
            by_loop.setdefault(waiting.loop, []).append((waiting, result))
    for loop, its in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, its)
        except RuntimeError:  # the loop has been closed: nobody waits any more
            continue


def _settle_all(results: list[tuple[Waiting, Outcome | Exception]]) -> None:
    for waiting, result in results:
        _settle(waiting.future, result)


def _settle(future: Future[Outcome] | asyncio.Future[Outcome], result: Outcome | Exception) -> None:
    with suppress(InvalidStateError, asyncio.InvalidStateError):  # given up by its caller
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


class _Kept(msgspec.Struct, omit_defaults=True):
    """An outcome as a receipt keeps it: an answer, or a refusal by the name of its class."""

    position: int
    events: int = 0
    answer: dict[str, object] | None = None
    refusal: str | None = None
    code: str = ""
    detail: str = ""
    errors: list[dict[str, object]] = []


_REFUSALS = {
    kind.__name__: kind
    for kind in (errors.Invalid, errors.Refused, errors.NotFound, errors.Conflict)
}


def keep(result: Result, position: int) -> bytes:
    """The bytes of a receipt."""
    if isinstance(result, Outcome):
        kept = _Kept(result.position, result.events, dict(result.answer))
    else:
        kept = _Kept(
            position,
            refusal=type(result).__name__,
            code=result.code,
            detail=result.detail,
            errors=[dict(e) for e in result.errors],
        )
    return msgspec.json.encode(kept)


def replay(outcome: bytes) -> Result:
    """The first answer again, marked as replayed."""
    kept = msgspec.json.decode(outcome, type=_Kept)
    if kept.refusal is None:
        return Outcome(kept.answer or {}, kept.position, 0, True, kept.events > 0)  # type: ignore[arg-type]  # JSON it was, JSON it is
    error = _REFUSALS[kept.refusal](kept.detail, code=kept.code, errors=kept.errors)  # type: ignore[arg-type]  # JSON it was, JSON it is
    error.replayed = True
    return error
