"""Personal values: fields of type `Personal`, and the data subject that each belongs to.

Before a command is written, its personal values are sealed: encrypted with the data subject's own
key. States, events, answers and read models hold sealed values and treat them as plain texts; no
rule depends on their content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar, cast, get_args, get_type_hints

from msgspec.structs import replace

from oms_ledger.kernel import Command, Context, Record, field_names

T = TypeVar("T")

SEALED = "sealed:v1:"
"""Prefix of a sealed value. The id of the data key, a colon and the ciphertext follow."""


class Personal(Record, frozen=True):
    """A value that must be erasable: a name, an e-mail address, a phone number, a street;
    or one that is secret: the number of a gift.

    Its `repr` and `str` reveal nothing to logs and error messages. It is stored as an object
    (`{"personal": "..."}`), so that sealing does not change the shape of any event.
    """

    personal: str

    def __repr__(self) -> str:
        return "Personal(...)"

    def __str__(self) -> str:
        return "***"


ChangePersonal = Callable[[Personal, str], Personal]
"""Returns a replacement for a personal value, given the value and the name of its field."""


@dataclass(frozen=True, slots=True)
class Person:
    """The data subject of a command's personal values: the customer with this `id`; without an
    id, the holder of the e-mail address among the values; without either, the subject named
    `fallback`, such as `order:<id>`. `forgotten`: the personal values of the order that the person
    was resolved from cannot be read any more; `record` is the key of their stream then, None where
    it is the id's."""

    id: str | None
    fallback: str
    forgotten: bool = False
    record: str | None = None


class PersonalCommand(Protocol):
    """A command that carries personal values. `person_id` is the id of its data subject, if that
    has one; `with_person_id` returns the command with the form of it that is stored."""

    @property
    def person_id(self) -> str | None: ...

    def person(self, ctx: Context) -> Person: ...

    def with_person_id(self, person_id: str) -> Command: ...


def person_of(command: Command, ctx: Context) -> Person:
    """The data subject of a command's personal values; `TypeError` if the command has no method
    `person`."""
    if not hasattr(command, "person"):
        raise TypeError(f"{command.name} has personal values but no method person()")
    return cast(PersonalCommand, command).person(ctx)


def person_id_of(command: Command) -> str | None:
    """The id of the data subject of a command; None where it has none, or no id."""
    person_id: str | None = getattr(command, "person_id", None)
    return person_id


@dataclass(frozen=True, slots=True)
class ResolvedSubject:
    """A data subject as resolved from the stored keys. `record` is the key of its stream
    (`CustomerRecord`). `own` are the ids of the subject's data keys; `keys` are those and the ids
    of guest keys with an e-mail address of the subject. `held_by`: customer streams whose legal
    holds block erasing any of these keys (shared e-mail addresses included)."""

    record: str
    own: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """A reference to a data subject. `name` is a customer's id or an e-mail address, or the name of
    a record (`key:<id>`, `order:<id>`). With `internal` the ledger itself has made it: a record's
    name is then never read as the id of a customer."""

    name: str
    internal: bool = False


class OrderPersonCommand(Protocol):
    """A command about an order, whose personal values may be those of the order's own person. Then
    `lacks_person` is true, and `with_person` returns the command with the person resolved from the
    log, before its values are sealed."""

    order_id: str

    @property
    def lacks_person(self) -> bool: ...

    def with_person(self, person: Person) -> Command: ...


def lacks_person(command: Command) -> bool:
    """Whether the command is an `OrderPersonCommand` whose person is to be resolved."""
    return bool(getattr(command, "lacks_person", False))


class BlindedCommand(Protocol):
    """A command that is compared with blinded e-mail addresses. `with_blinds` returns the command
    with the blinds of `emails_to_blind`, in their order; it is called before the command is
    decided, unless there are none."""

    @property
    def emails_to_blind(self) -> tuple[str, ...]: ...

    def with_blinds(self, blinds: Sequence[str]) -> Command: ...


def emails_to_blind(command: Command) -> tuple[str, ...]:
    """Of a `BlindedCommand`; none of other commands."""
    emails: tuple[str, ...] = getattr(command, "emails_to_blind", ())
    return emails


class DraftEmailsCommand(Protocol):
    """A command about a draft that compares the e-mail addresses of its customer, which are sealed
    by then, with blinded ones. `with_draft_blinds` returns the command with the blind of each
    address by its stored form, before it is decided; "" for one that was forgotten."""

    draft_id: str
    compares_emails: ClassVar[bool]

    def with_draft_blinds(self, blinds: Mapping[str, str]) -> Command: ...


def compares_draft_emails(command: Command) -> bool:
    """Whether the command is a `DraftEmailsCommand`."""
    return bool(getattr(command, "compares_emails", False))


class SubjectCommand(Protocol):
    """A command about one data subject, which is resolved before the command is decided.
    An e-mail address in `subject_ref` must not reach the ledger. `with_subject`
    returns the command with the resolved subject."""

    @property
    def subject_ref(self) -> SubjectRef: ...

    def with_subject(self, subject: ResolvedSubject) -> Command: ...


def names_subject(command: Command) -> bool:
    """Whether the command is a `SubjectCommand`."""
    return hasattr(command, "subject_ref")


def erases_subject(command: Command) -> bool:
    """Whether data keys are to be destroyed once the command was decided (`forgets`)."""
    return getattr(type(command), "forgets", False) is True


def revealed(value: Personal | None) -> str | None:
    return None if value is None else value.personal


def key_of(value: Personal) -> str | None:
    """The id of the data key that seals a value; None if the value is not sealed."""
    if not value.personal.startswith(SEALED):
        return None
    return value.personal.removeprefix(SEALED).partition(":")[0]


def same_person(one: object, other: object) -> bool:
    """Whether personal values of the two can be compared: the same value sealed with different
    keys differs."""
    return {key_of(value) for _, value in personal_values(one)} == {
        key_of(value) for _, value in personal_values(other)
    }


def personal_values(value: object) -> list[tuple[str, Personal]]:
    """Every personal value in a record or dataclass, however deep, with the name of its field."""
    values: list[tuple[str, Personal]] = []
    _gather(value, "", values)
    return values


def _gather(value: object, name: str, values: list[tuple[str, Personal]]) -> None:
    kind = type(value)
    if kind is Personal:
        values.append((name, cast(Personal, value)))
    elif kind is tuple:
        for each in cast("tuple[object, ...]", value):
            _gather(each, name, values)
    else:
        for field in _personal_fields(kind):
            inner = getattr(value, field)
            if inner is not None:
                _gather(inner, field, values)


def change_personal(value: T, change: ChangePersonal, name: str = "") -> T:
    """A copy of a record or dataclass with every personal value, however deep, replaced by
    `change`; the same object if it has none. The copy is not validated: a sealed text is longer
    than the limit of its field."""
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
    """A copy of a record or dataclass with some fields changed, including fields with `init=False`.
    The copy is not validated."""
    return _with(value, changed)


def _with(value: T, changed: dict[str, object]) -> T:
    if isinstance(value, Record):
        return cast(T, replace(value, **changed))
    copy: T = object.__new__(type(value))
    for name in field_names(type(value)):
        new = changed[name] if name in changed else getattr(value, name)
        object.__setattr__(copy, name, new)
    return copy


def _personal_fields(kind: type) -> tuple[str, ...]:
    """The fields that hold personal values, however deep; none for a type without fields."""
    cached = _PERSONAL_FIELDS.get(kind)
    return _inspected(kind) if cached is None else cached


def _inspected(kind: type) -> tuple[str, ...]:
    personal: tuple[str, ...] = ()
    if names := field_names(kind):
        hints = get_type_hints(kind)
        personal = tuple(name for name in names if _holds_personal(hints[name]))
    _PERSONAL_FIELDS[kind] = personal
    return personal


_PERSONAL_FIELDS: dict[type, tuple[str, ...]] = {}


def _holds_personal(hint: object) -> bool:
    if hint is Personal:
        return True
    if isinstance(hint, type) and _personal_fields(hint):
        return True
    return any(_holds_personal(arg) for arg in get_args(hint))
