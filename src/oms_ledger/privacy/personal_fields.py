"""The personal texts of an answer, found by the answer's type.

Of the plan of a type (`sensitivity/plans.py`) the fields are kept that are declared personal, and
what leads to them; nothing else of an answer is looked at. A sealed text in any other field is not
opened, whatever the field is called, and is masked where no type declares that field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, TypeAlias, TypeVar, cast

from oms_ledger.domain.given_names import given_name
from oms_ledger.domain.personal import SEALED
from oms_ledger.domain.text_kinds import TextKind
from oms_ledger.privacy.disclosure import (
    FORGOTTEN,
    MASKED,
    SEALED_TEXT,
    UNREADABLE,
    SealedText,
)
from oms_ledger.privacy.sensitivity.plans import UNDECLARED, FieldPlan, ObjectPlan, event_plan

T = TypeVar("T")

_REPLACED = frozenset({FORGOTTEN, UNREADABLE})


@dataclass(frozen=True, slots=True)
class PersonalField:
    """A field with personal texts. `sealed_in` is the name of the field in which they were sealed.
    `given_name`: every reader sees the given name in it, and nobody more. `always`: no type has
    other texts there."""

    sealed_in: str
    given_name: bool
    always: bool


Holder: TypeAlias = dict[str, object] | list[object]

PersonalText: TypeAlias = tuple[Holder, str | int, str, PersonalField]
"""The text `holder[key]` of a copied answer, as holder, key, text and field."""


class _Part(NamedTuple):
    """What can stand under a name, or in a list there: personal texts, objects that have some."""

    personal: PersonalField | None
    objects: _Objects | None


@dataclass(slots=True)
class _Objects:
    """Objects with personal texts in them. `fields` lead to these, and so do the `values` of a
    mapping, other than those of the fields `declared`; `events` are fields with an event's data."""

    fields: list[tuple[str, _Part]] = field(default_factory=list)
    values: _Part | None = None
    declared: frozenset[str] = frozenset()
    events: list[str] = field(default_factory=list)


class PersonalFields:
    """The personal fields of answers that a plan describes."""

    def __init__(self, plan: FieldPlan) -> None:
        self._plan = plan
        self._part = _part("", plan, {})

    def copied(self, body: T) -> tuple[T, list[PersonalText]]:
        """A copy of an answer, and its personal texts, which may be replaced in the copy; all that
        leads to none of them is shared with the answer."""
        texts: list[PersonalText] = []
        holder: list[object] = [body]
        if self._part is not None:
            _gather(holder, 0, body, self._part, texts)
        return cast(T, holder[0]), texts

    def closed(self, body: T, *, undeclared: bool) -> T:
        """The answer with every text that looks sealed masked; with `undeclared` those alone that
        no type declares. What is declared and not personal is as it was written there."""
        return cast(T, _closed(body, self._plan, undeclared))


def sealed_texts(texts: Iterable[PersonalText]) -> list[PersonalText]:
    return [each for each in texts if each[2].startswith(SEALED)]


def given_names(texts: Iterable[PersonalText]) -> list[PersonalText]:
    """The texts of which every reader sees the given name."""
    return [each for each in texts if each[3].given_name]


def to_open(texts: Iterable[PersonalText]) -> list[SealedText]:
    return [(text, personal.sealed_in) for _, _, text, personal in texts]


def mask_all(texts: Iterable[PersonalText]) -> None:
    """Mask the texts in the copy. One that is no sealed text is left where every reader may see
    what it shows, or where another type has texts that are not personal."""
    for holder, key, text, personal in texts:
        if text.startswith(SEALED) or (personal.always and not personal.given_name):
            holder[key] = MASKED  # type: ignore[index]  # the key is one of the holder's


def show_all(texts: Sequence[PersonalText], opened: Sequence[str]) -> None:
    """Put the opened texts into the copy, in order."""
    for (holder, key, _, personal), text in zip(texts, opened, strict=True):
        shown = given_name(text) if personal.given_name and text not in _REPLACED else text
        holder[key] = shown  # type: ignore[index]  # the key is one of the holder's


def _gather(
    holder: Holder, key: str | int, value: object, part: _Part, texts: list[PersonalText]
) -> None:
    """Collect the personal texts of `value`, and put a copy of what has some into the holder."""
    if type(value) is str:
        if part.personal is not None:
            texts.append((holder, key, value, part.personal))
    elif type(value) is dict:
        if part.objects is not None:
            copy = value.copy()
            holder[key] = copy  # type: ignore[index]  # the key is one of the holder's
            _gather_fields(copy, part.objects, texts)
    elif isinstance(value, list | tuple):
        copies = list(value)
        holder[key] = copies  # type: ignore[index]  # the key is one of the holder's
        for index, each in enumerate(copies):
            _gather(copies, index, each, part, texts)


def _gather_fields(copy: dict[str, object], objects: _Objects, texts: list[PersonalText]) -> None:
    for name, part in objects.fields:
        value = copy.get(name)
        if value is None:
            continue
        if type(value) is str:  # most of them: a call for each would take longer than the rest
            if part.personal is not None:
                texts.append((copy, name, value, part.personal))
        else:
            _gather(copy, name, value, part, texts)
    for name in objects.events:
        data = _event_part(str(copy.get("type")))
        if data is not None and name in copy:
            _gather(copy, name, copy[name], data, texts)
    if objects.values is not None:
        for name in copy.keys() - objects.declared:
            _gather(copy, name, copy[name], objects.values, texts)


@cache
def _event_part(name: str) -> _Part | None:
    return _part("data", event_plan({"type": name}), {})


def _part(name: str, plan: FieldPlan, begun: dict[int, _Objects]) -> _Part | None:
    """What of a field leads to personal texts; None where nothing does. `begun` are the objects
    that it is in: an object may be in itself."""
    personal = _personal_field(name, plan) if plan.personal else None
    objects = _objects(plan.objects, begun) if plan.objects is not None else None
    return None if personal is None and objects is None else _Part(personal, objects)


def _personal_field(name: str, plan: FieldPlan) -> PersonalField:
    sealed_in = plan.sealed_in
    return PersonalField(
        name if sealed_in is None else sealed_in.field,
        sealed_in is not None and sealed_in.given_name,
        plan.kind is TextKind.PERSONAL,
    )


def _objects(plan: ObjectPlan, begun: dict[int, _Objects]) -> _Objects | None:
    if not _has_personal(plan, set()):
        return None
    if id(plan) in begun:
        return begun[id(plan)]
    objects = begun[id(plan)] = _Objects(declared=frozenset(plan.fields))
    for name, each in plan.fields.items():
        if each.kind is TextKind.EVENT_DATA:
            objects.events.append(name)
        elif (part := _part(name, each, begun)) is not None:
            objects.fields.append((name, part))
    if plan.values is not None:
        objects.values = _part("", plan.values, begun)
    return objects


def _has_personal(plan: ObjectPlan, visited: set[int]) -> bool:
    """Whether objects of this plan can have personal texts, however deep."""
    if id(plan) in visited:
        return False
    visited.add(id(plan))
    every = [*plan.fields.values(), *([plan.values] if plan.values else [])]
    return any(
        each.personal
        or each.kind is TextKind.EVENT_DATA
        or (each.objects is not None and _has_personal(each.objects, visited))
        for each in every
    )


def _closed(value: object, plan: FieldPlan, undeclared: bool) -> object:
    if isinstance(value, str):
        kept = undeclared and plan is not UNDECLARED
        return value if kept or not SEALED_TEXT.fullmatch(value) else MASKED
    if isinstance(value, Mapping):
        objects = plan.objects
        return {
            _closed(name, UNDECLARED, undeclared): _closed(
                each, UNDECLARED if objects is None else objects.of_field(name, value), undeclared
            )
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_closed(each, plan, undeclared) for each in value]
    return value
