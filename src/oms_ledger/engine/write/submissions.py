"""Submissions to the writer and their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

import msgspec

from oms_ledger.domain import errors
from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.engine.log.store import SubjectKeyRow
from oms_ledger.kernel import Command, Context, Json, Record, Ref


class Idempotency(Record, frozen=True):
    """An idempotency key. `scope` is the holder of the API keys that use it, `fingerprint` a
    hash of the request."""

    scope: str
    key: str
    fingerprint: bytes


class KeySuperseded(Unavailable):
    """The command was sealed with a new data key, and its subject has another one by now, or the
    key was destroyed. Seal it again and submit it again."""


class KeyRows(Record, frozen=True):
    """What a sealed command needs to be stored together with its events: the wrapped data key,
    where it is `new`, and entries of the index of e-mail addresses (blind, id of the key).
    `on_stored` is called by the writer once that is committed; must not block or raise."""

    new: SubjectKeyRow | None
    blinds: Sequence[tuple[str, str]]
    on_stored: Callable[[], None]


class Submission(Record, frozen=True):
    """A command for the writer. `expected`: a stream, and the version that it must have. A dry run,
    and a command that writes no event, leave `keys` out. `channels`: keys of the channels whose
    orders alone the command may see and change; None: of all."""

    command: Command
    ctx: Context
    idempotency: Idempotency | None = None
    expected: tuple[Ref, int] | None = None
    dry_run: bool = False
    keys: KeyRows | None = None
    channels: Collection[str] | None = None


class Outcome(Record, frozen=True):
    """The outcome of a command. `position`: of its last event; the head where it wrote none.
    `events`: how many events it wrote now. `replayed`: the answer is that of a receipt. `wrote`:
    whether it wrote events, now or when the answer was first given. `began`: whether a stream began
    with them, so that something is there which was not."""

    answer: Mapping[str, Json]
    position: int
    events: int
    replayed: bool
    wrote: bool
    began: bool


Result = Outcome | OmsError


class PendingSubmission:
    """A submission and its future: of a thread, or of a coroutine on the event loop `loop`.
    `reads_by`: where all that the command reads is in the writer's cache, the categories of states
    on which it depends what that is."""

    __slots__ = ("future", "loop", "reads_by", "submission")

    def __init__(
        self,
        submission: Submission,
        future: Future[Outcome] | asyncio.Future[Outcome],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.submission = submission
        self.future = future
        self.loop = loop
        self.reads_by: Set[str] | None = None


Results = list[tuple[PendingSubmission, Outcome | Exception]]


def deliver(results: Results) -> None:
    """Resolve the futures; each event loop is called once, for all of its futures."""
    by_loop: dict[
        asyncio.AbstractEventLoop, list[tuple[PendingSubmission, Outcome | Exception]]
    ] = {}
    for pending, result in results:
        if pending.loop is None:
            _resolve(pending.future, result)
        else:
            by_loop.setdefault(pending.loop, []).append((pending, result))
    for loop, its in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve_all, its)
        except RuntimeError:  # the loop has been closed, and its coroutines with it
            continue


def _resolve_all(results: Results) -> None:
    for pending, result in results:
        _resolve(pending.future, result)


def _resolve(
    future: Future[Outcome] | asyncio.Future[Outcome], result: Outcome | Exception
) -> None:
    with suppress(InvalidStateError, asyncio.InvalidStateError):  # cancelled by its caller
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


class _StoredOutcome(msgspec.Struct, omit_defaults=True):
    """The JSON of a receipt: an answer, or a refusal with the name of its class. Receipts of before
    `began` was kept are of commands whose events all began streams, or did not matter."""

    position: int
    events: int = 0
    answer: dict[str, object] | None = None
    refusal: str | None = None
    code: str = ""
    detail: str = ""
    errors: list[dict[str, object]] = []
    began: bool = True


_decode_stored = msgspec.json.Decoder(_StoredOutcome).decode

_REFUSALS = {
    kind.__name__: kind
    for kind in (errors.Invalid, errors.Refused, errors.NotFound, errors.Conflict, errors.Forbidden)
}


def encode_outcome(result: Result, position: int) -> bytes:
    """The bytes of a receipt. `position`: the head, for a refusal."""
    if isinstance(result, Outcome):
        began = result.began or not result.wrote
        stored = _StoredOutcome(result.position, result.events, dict(result.answer), began=began)
    else:
        stored = _StoredOutcome(
            position,
            refusal=type(result).__name__,
            code=result.code,
            detail=result.detail,
            errors=[dict(e) for e in result.errors],
        )
    return msgspec.json.encode(stored)


def decode_outcome(outcome: bytes) -> Result:
    """The result in a receipt, marked as replayed."""
    stored = _decode_stored(outcome)
    if stored.refusal is None:
        wrote = stored.events > 0
        began = wrote and stored.began
        return Outcome(stored.answer or {}, stored.position, 0, True, wrote, began)  # type: ignore[arg-type]  # JSON it was, JSON it is
    error = _REFUSALS[stored.refusal](stored.detail, code=stored.code, errors=stored.errors)  # type: ignore[arg-type]  # JSON it was, JSON it is
    error.replayed = True
    return error
