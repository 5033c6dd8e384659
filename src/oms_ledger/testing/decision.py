"""Commands without a database or a thread: given this past, when this is asked, then that
follows. Stricter than the writer, so that a rule that passes here has said all it needs."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
    ReadModel,
    Ref,
    S,
    State,
    stream_id,
)
from oms_ledger.testing.fold import Folded, folded
from oms_ledger.testing.history import START, recorded

CONTEXT = Context(START, "command-1", "tester", "command-1", "command-1", "token-1")
"""In which `when` asks. What the command creates is named `command-1`."""

ROUNDS = 8
"""How often `reads` may ask for more streams after seeing some, as in the engine."""


def given(*events: Event) -> Past:
    """What has happened so far, in order."""
    return Past(events)


@dataclass(frozen=True, slots=True)
class Past:
    events: tuple[Event, ...]

    def when(self, command: Command | type[Command], /, **fields: object) -> Decision:
        """Ask for a command, or for one of this kind with these fields, which may be wrong."""
        if not isinstance(command, type):
            return decided(command, self.events)
        try:
            return decided(command(**fields), self.events)
        except ValidationError as error:
            return Decision(command.name, wrong=faults(error))

    def folded_into(self, model: ReadModel, *, page: int | None = None) -> Folded:
        """See the past through a read model, folded in pages of `page` events."""
        return folded(model, recorded(self.events), page)


class AtHand:
    """The states of a past, as a command is given them. A rule sees what `reads` has named and
    nothing else; to use another stream that holds something is a LookupError."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.states: dict[str, State] = {}
        self.read: set[str] = set()
        self.deciding = False
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        stream = event.stream
        state = self.states.setdefault(stream, STATES[stream.split("-")[0]]())
        state.apply(event)
        state.version += 1

    def load(self, refs: Iterable[Ref]) -> bool:
        """Put these streams at hand; whether they all were already."""
        wanted = {stream for kind, key in refs for stream in self._streams(kind, key)}
        complete = wanted <= self.read
        self.read |= wanted
        return complete

    def state(self, kind: type[S], key: str) -> S:
        stream = stream_id(kind, key)
        found = self.states.get(stream)
        if found is None:
            return kind()
        if stream not in self.read and not kind.all_cached:
            if self.deciding:
                raise LookupError(f"{stream} is used, and not among what reads() named")
            return kind()
        if not isinstance(found, kind):
            raise TypeError(f"{stream} holds a {type(found).__name__}")
        return found

    def _streams(self, kind: type[State], key: str) -> Iterable[str]:
        named = stream_id(kind, key)
        if not isinstance(key, KeyGroup):
            return [named]
        return [named, *(stream for stream in self.states if in_group(stream, named))]

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        named = stream_id(kind, prefix)
        if named not in self.read and self.deciding:
            raise LookupError(f"the group {named} is used, and not among what reads() named")
        members = [stream for stream in self.states if in_group(stream, named)]
        return {
            stream.removeprefix(named): self.state(kind, stream.partition("-")[2])
            for stream in members
            if stream in self.read
        }

    def all(self, kind: type[S]) -> Collection[S]:
        return [state for state in self.states.values() if isinstance(state, kind)]


def in_group(stream: str, prefix: str) -> bool:
    return stream.startswith(prefix) and prefix[-1] not in stream.removeprefix(prefix)


def decided(command: Command, events: Sequence[Event], ctx: Context = CONTEXT) -> Decision:
    """Let a command decide against a past, and see that it keeps the rules for rules."""
    at_hand = AtHand(events)
    for _ in range(ROUNDS):
        if at_hand.load(command.reads(ctx, at_hand)):
            break
    else:
        raise RuntimeError(f"{command.name} asks for ever more streams")
    before = copy.deepcopy(at_hand.states)
    at_hand.deciding = True
    try:
        changes = tuple(command.decide(ctx, at_hand))
    except OmsError as refusal:
        return Decision(command.name, refusal=refusal)
    finally:
        assert at_hand.states == before, f"{command.name} mutates what it was given"
    for change in changes:
        _book(change, at_hand)
    return Decision(command.name, changes, answer=command.answer(ctx, at_hand))


def _book(change: Change, at_hand: AtHand) -> None:
    stream = change.event.stream
    known = stream in at_hand.read or stream not in at_hand.states
    assert known, f"{stream} is written, and not among what reads() named"
    at_hand.apply(change.event)
    at_hand.read.add(stream)


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a command. Exactly one of the `then`s can be true."""

    command: str
    changes: tuple[Change, ...] = ()
    refusal: OmsError | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, Json] = field(default_factory=dict)

    @property
    def events(self) -> tuple[Event, ...]:
        """What follows; an AssertionError where the command was turned down."""
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
        """It cannot even be asked: this field is wrong, and no other. What is said of it."""
        assert set(self.wrong) == {field}, f"wrong are {self.wrong or 'no fields'}"
        return self.wrong[field]


def faults(error: ValidationError) -> dict[str, str]:
    """Fields at fault, dotted, and what is wrong with each. A rule over several fields names the
    one it means at the start of its message."""
    found: dict[str, str] = {}
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(map(str, each["loc"]))
        message = each["msg"].removeprefix("Value error, ")
        if not name:
            name, _, message = message.rpartition(": ")
        found[name] = message
    # A list is called too short when its only item is wrong; what is wrong is the item.
    return {n: m for n, m in found.items() if not any(o.startswith(f"{n}.") for o in found)}
