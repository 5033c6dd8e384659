"""Values that belong to a person. Each sits in a field of its own, of type `Personal`.

Before a command goes to the writer, what is personal in it is sealed: turned into a text that
only the person's own key opens. States, events, answers and read models hold sealed values and
need not know; a rule never looks into one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Protocol, TypeVar, cast, get_args, get_type_hints

from oms_ledger.kernel import Command, Context

T = TypeVar("T")

SEALED = "sealed:v1:"
"""How a sealed value begins. The id of its key follows, a colon, and what is sealed."""


@dataclass(frozen=True, slots=True, repr=False)
class Personal:
    """A name, an e-mail address, a phone number, a street: what must be forgettable.

    It never shows itself in logs or error messages, and is stored as an object of its own
    (`{"personal": "..."}`), so that it can be sealed without changing any event's shape.
    """

    personal: str

    def __repr__(self) -> str:
        return "Personal(...)"

    def __str__(self) -> str:
        return "***"


ChangePersonal = Callable[[Personal, str], Personal]
"""Makes another value of one, which is in a field of that name."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whose the personal values of a command are: the customer of that id; without an id,
    whoever has the e-mail address among them; without both, nobody but `otherwise`, such as
    `order:<id>`."""

    id: str | None
    otherwise: str


class AboutAPerson(Protocol):
    """A command that carries personal values."""

    def person(self, ctx: Context) -> Person: ...


def person_of(command: Command, ctx: Context) -> Person:
    """Whose the personal values of a command are; `TypeError` where it does not say."""
    if not hasattr(command, "person"):
        raise TypeError(f"{command.name} has personal values and does not say whose: person()")
    return cast(AboutAPerson, command).person(ctx)


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the keys know them. `record` is the key of their stream
    (`domain/customers/customer.py`),
    `own` the ids of the keys that are theirs, `keys` those and the ones of guests with an e-mail
    address of theirs. `bound` are all the records whose legal holds protect what any of these
    opens."""

    record: str
    own: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()


class NamesAPerson(Protocol):
    """A command about one person, for which keys are looked up before it is decided. Whom it
    means may be written as an e-mail address, which must not reach the ledger: `found` is the
    command with what was looked up in its place."""

    @property
    def whom(self) -> str: ...

    def found(self, known: Known) -> Command: ...


def names_a_person(command: Command) -> bool:
    return hasattr(command, "whom")


def forgets_a_person(command: Command) -> bool:
    """Whether keys are to be destroyed once the command has been decided (`forgets`)."""
    return getattr(type(command), "forgets", False) is True


def revealed(value: Personal | None) -> str | None:
    return None if value is None else value.personal


def key_of(value: Personal) -> str | None:
    """The id of the key that a value is sealed with; None where it is in clear."""
    if not value.personal.startswith(SEALED):
        return None
    return value.personal.removeprefix(SEALED).partition(":")[0]


def same_person(one: object, other: object) -> bool:
    """Whether personal values of the two can be compared: what is sealed with different keys
    differs, whatever it is."""
    return {key_of(value) for _, value in personal_values(one)} == {
        key_of(value) for _, value in personal_values(other)
    }


def personal_values(value: object) -> list[tuple[str, Personal]]:
    """Every personal value in a dataclass, however deep, with the name of its field."""
    found: list[tuple[str, Personal]] = []
    _gather(value, "", found)
    return found


def _gather(value: object, name: str, found: list[tuple[str, Personal]]) -> None:
    kind = type(value)
    if kind is Personal:
        found.append((name, cast(Personal, value)))
    elif kind is tuple:
        for each in cast("tuple[object, ...]", value):
            _gather(each, name, found)
    else:
        for field in _personal_fields(kind):
            inner = getattr(value, field)
            if inner is not None:
                _gather(inner, field, found)


def change_personal(value: T, change: ChangePersonal, name: str = "") -> T:
    """A copy of a dataclass with every personal value in it, however deep, passed through
    `change`; the same object where there is none. Copies are not validated anew: a sealed text is
    longer than what may be asked for."""
    kind = type(value)
    if kind is Personal:
        return cast(T, change(cast(Personal, value), name))
    if kind is tuple:
        every = cast("tuple[object, ...]", value)
        return cast(T, tuple(change_personal(each, change, name) for each in every))
    changed = {}
    for field in _personal_fields(kind):
        before = getattr(value, field)
        if before is not None:
            after = change_personal(before, change, field)
            if after is not before:
                changed[field] = after
    return _with(value, changed) if changed else value


def with_fields(value: T, **changed: object) -> T:
    """A copy of a dataclass with some fields changed, be it those that cannot be asked for. It is
    not validated anew."""
    _personal_fields(type(value))
    return _with(value, changed)


def _with(value: T, changed: dict[str, object]) -> T:
    copy: T = object.__new__(type(value))
    for name in _ALL_FIELDS[type(value)]:
        new = changed[name] if name in changed else getattr(value, name)
        object.__setattr__(copy, name, new)
    return copy


def _personal_fields(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass that hold something personal, however deep; none of any other
    type."""
    found = _PERSONAL_FIELDS.get(kind)
    return _looked_up(kind) if found is None else found


def _looked_up(kind: type) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        _ALL_FIELDS[kind] = tuple(f.name for f in fields(kind))
        found = tuple(name for name in _ALL_FIELDS[kind] if _holds_personal(hints[name]))
    _PERSONAL_FIELDS[kind] = found
    return found


_PERSONAL_FIELDS: dict[type, tuple[str, ...]] = {}
_ALL_FIELDS: dict[type, tuple[str, ...]] = {}


def _holds_personal(hint: object) -> bool:
    if hint is Personal:
        return True
    if isinstance(hint, type) and _personal_fields(hint):
        return True
    return any(_holds_personal(arg) for arg in get_args(hint))
