"""Decisions of commands without a database: given past events, when a command is decided, then
events follow. Stricter than the writer: a command that passes here names all that it reads."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import ValidationError

from oms_ledger.domain.errors import OmsError
from oms_ledger.domain.registry import STATES
from oms_ledger.kernel import (
    Change,
    Command,
    Context,
    Event,
    Json,
    KeyGroup,
    Policy,
    ReadModel,
    Ref,
    S,
    State,
    stream_id,
)
from oms_ledger.testing.fold import Folded, folded
from oms_ledger.testing.history import START, recorded
from oms_ledger.testing.log import LogUntil, Records
from oms_ledger.validation import wrong_fields

NOW = START + timedelta(days=30)

CONTEXT = Context(NOW, "command-1", "tester", "command-1", "command-1", "token-1")
"""The context of `when`: a month after the past began. The ids of what the command creates are
`command-1`."""

ROUNDS = 8
"""How often `reads` may add streams after some are loaded, as in the engine."""


def given(*events: Event) -> Past:
    """Past events, in order."""
    return Past(events)


@dataclass(frozen=True, slots=True)
class Past:
    """Events that happened before a command."""

    events: tuple[Event, ...]

    def when(self, command: Command | type[Command], /, **fields: object) -> Decision:
        """Decide a command, or one of this class with these fields, which may be invalid."""
        if not isinstance(command, type):
            return decide(command, self.events)
        try:
            return decide(command(**fields), self.events)
        except ValidationError as error:
            faults = wrong_fields(error.errors(include_url=False, include_input=False))
            return Decision(command.name, wrong={each.field: each.message for each in faults})

    def reaction_of(self, policy: Policy) -> list[Command]:
        """The commands that follow for a policy from the last of these events; none where it does
        not read events of that type."""
        history = recorded(self.events)
        last = history[-1]
        if type(last.event).type not in policy.event_types:
            return []
        return list(policy.react(last, LogUntil(Records(history), last.position)))

    def folded_into(self, model: ReadModel, *, page: int | None = None) -> Folded:
        """A read model after these events, folded in pages of `page` events."""
        return folded(model, recorded(self.events), page)


class StrictStates:
    """The states of past events, as a command is given them. It sees the streams that `reads`
    names; any other stream that has events raises LookupError."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.by_stream: dict[str, State] = {}
        self.read: set[str] = set()
        self.deciding = False
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        stream = event.stream
        state = self.by_stream.setdefault(stream, STATES[stream.split("-")[0]]())
        state.apply(event)
        state.version += 1

    def load(self, refs: Iterable[Ref]) -> bool:
        """Add streams to those that were read; True if all of them were read before."""
        wanted = {stream for kind, key in refs for stream in self._streams(kind, key)}
        complete = wanted <= self.read
        self.read |= wanted
        return complete

    def state(self, kind: type[S], key: str) -> S:
        stream = stream_id(kind, key)
        state = self.by_stream.get(stream)
        if state is None:
            return kind()
        if stream not in self.read and not kind.all_cached:
            if self.deciding:
                raise LookupError(f"{stream} is used, and reads() does not name it")
            return kind()
        if not isinstance(state, kind):
            raise TypeError(f"{stream} holds a {type(state).__name__}")
        return state

    def _streams(self, kind: type[State], key: str) -> Iterable[str]:
        named = stream_id(kind, key)
        if not isinstance(key, KeyGroup):
            return [named]
        return [named, *(stream for stream in self.by_stream if in_group(stream, named))]

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        named = stream_id(kind, prefix)
        if named not in self.read and self.deciding:
            raise LookupError(f"the group {named} is used, and reads() does not name it")
        members = [stream for stream in self.by_stream if in_group(stream, named)]
        return {
            stream.removeprefix(named): self.state(kind, stream.partition("-")[2])
            for stream in members
            if stream in self.read
        }

    def all(self, kind: type[S]) -> Collection[S]:
        return [state for state in self.by_stream.values() if isinstance(state, kind)]


def in_group(stream: str, prefix: str) -> bool:
    return stream.startswith(prefix) and prefix[-1] not in stream.removeprefix(prefix)


def decide(command: Command, events: Sequence[Event], ctx: Context = CONTEXT) -> Decision:
    """The decision of a command about past events. Raises LookupError where it uses a stream
    that `reads` does not name, and AssertionError where it mutates a state."""
    states = StrictStates(events)
    for _ in range(ROUNDS):
        if states.load(command.reads(ctx, states)):
            break
    else:
        raise RuntimeError(f"{command.name} names ever more streams")
    before = copy.deepcopy(states.by_stream)
    states.deciding = True
    try:
        changes = tuple(command.decide(ctx, states))
    except OmsError as refusal:
        return Decision(command.name, refusal=refusal)
    finally:
        assert states.by_stream == before, f"{command.name} mutates what it was given"
    for change in changes:
        _apply(change, states)
    return Decision(command.name, changes, answer=command.answer(ctx, states))


def _apply(change: Change, states: StrictStates) -> None:
    stream = change.event.stream
    declared = stream in states.read or stream not in states.by_stream
    assert declared, f"{stream} is written, and reads() does not name it"
    states.apply(change.event)
    states.read.add(stream)


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of a command: events, a refusal, or invalid fields (`wrong`, by name)."""

    command: str
    changes: tuple[Change, ...] = ()
    refusal: OmsError | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, Json] = field(default_factory=dict)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events; AssertionError where the command was refused or invalid."""
        assert not self.wrong, f"{self.command} is invalid: {self.wrong}"
        if self.refusal is not None:
            raise AssertionError(f"{self.command} is refused: {self.refusal}") from self.refusal
        return tuple(change.event for change in self.changes)

    def then(self, *events: Event) -> None:
        """These events follow, in this order, and no others."""
        assert self.events == events

    def then_refused(self, code: str, *errors: Mapping[str, Json]) -> OmsError:
        """It is refused with this code, and, where `errors` are given, with exactly these."""
        assert not self.wrong, f"{self.command} is invalid: {self.wrong}"
        assert self.refusal is not None, f"{self.command} is not refused: {self.events}"
        assert self.refusal.code == code, f"{self.refusal.code}: {self.refusal}"
        assert not errors or self.refusal.errors == errors, self.refusal.errors
        return self.refusal

    def then_invalid(self, field: str) -> str:
        """This field is invalid, and no other; the message about it."""
        assert set(self.wrong) == {field}, f"wrong are {self.wrong or 'no fields'}"
        return self.wrong[field]
