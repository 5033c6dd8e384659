"""Which fields of an answer name streams, which are masked and which are sealed, from its type.

A plan follows the nesting of a type. What the type does not declare has no plan: its texts are
masked whatever the answer is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Literal, NotRequired, Required, Union, get_args, get_origin

from typing_extensions import get_type_hints, is_typeddict

from oms_ledger.domain.event_answers import FeedItemAnswer
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.registry import EVENTS
from oms_ledger.domain.text_kinds import NamesStream, SealedIn, TextKind
from oms_ledger.kernel import field_names

TEXTS = (str, object, datetime)

HARMLESS = frozenset({TextKind.HARMLESS, TextKind.PERSONAL, TextKind.LINK})


@dataclass(slots=True)
class FieldPlan:
    """A field. `kind` is that of its texts (and of numbers, for links), or of those in its list;
    None: content. `has_texts`: whether there can be any. `category`: of the stream that the text
    names. `objects` is the plan of the objects in it; None where its type has none. `personal`:
    whether any type has personal texts here, which may be sealed; `sealed_in` is the field that
    they were sealed in, where that has another name."""

    kind: TextKind | None = None
    has_texts: bool = True
    category: str | None = None
    objects: ObjectPlan | None = None
    personal: bool = False
    sealed_in: SealedIn | None = None

    @property
    def harmless(self) -> bool:
        return self.kind in HARMLESS

    @property
    def link(self) -> bool:
        return self.kind is TextKind.LINK

    def joined(self, other: FieldPlan) -> FieldPlan:
        """Of a field that two types have: what either masks is masked."""
        plans = [each.objects for each in (self, other) if each.objects is not None]
        return FieldPlan(
            _joined_kind([each for each in (self, other) if each.has_texts or each.kind]),
            self.has_texts or other.has_texts,
            self.category or other.category,
            joined(plans) if plans else None,
            self.personal or other.personal,
            self.sealed_in or other.sealed_in,
        )


def _joined_kind(plans: Sequence[FieldPlan]) -> TextKind | None:
    kinds = {each.kind for each in plans}
    if len(kinds) == 1:
        return kinds.pop()
    if not (kinds and kinds <= HARMLESS):
        return None
    return TextKind.LINK if TextKind.LINK in kinds else TextKind.HARMLESS


@dataclass(slots=True)
class ObjectPlan:
    """An object. `fields` are those declared. `naming`: fields whose text names a stream, and the
    prefix of its name. `stream_field`: the one with the name of a stream itself. `values`: of a
    mapping, the plan of whatever stands under its keys."""

    fields: dict[str, FieldPlan] = field(default_factory=dict)
    naming: list[tuple[str, str]] = field(default_factory=list)
    stream_field: str | None = None
    values: FieldPlan | None = None

    def add(self, name: str, plan: FieldPlan) -> None:
        self.fields[name] = plan
        if plan.category is not None:
            self.naming.append((name, f"{plan.category}-"))
        if plan.kind is TextKind.STREAM:
            self.stream_field = name

    def of_field(self, name: str, value: Mapping[str, object]) -> FieldPlan:
        """The plan of a field of the object `value`; `UNDECLARED` where there is none."""
        plan = self.fields.get(name, self.values or UNDECLARED)
        return event_plan(value) if plan.kind is TextKind.EVENT_DATA else plan


UNDECLARED = FieldPlan()
"""Neither it nor anything in it is declared."""


@cache
def plan_of(kind: type) -> ObjectPlan:
    """The plan of a `TypedDict`, or of a record or dataclass as JSON."""
    plan = _STARTED[kind] = ObjectPlan()
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if is_typeddict(kind) or name in field_names(kind):
            plan.add(name, _field_plan(hint))
    return plan


_STARTED: dict[type, ObjectPlan] = {}
"""Plans by type, from when they are begun: a type may be in itself."""


def answer_plan(kind: type) -> FieldPlan:
    """Of an answer of this type, or of a list of such."""
    return FieldPlan(has_texts=False, objects=plan_of(kind))


def event_plan(item: Mapping[str, object]) -> FieldPlan:
    """Of the fields of the event whose stored name is in the field `type` of the item with it;
    `UNDECLARED` where there is no such event."""
    return _event_plan(str(item.get("type")))


@cache
def _event_plan(name: str) -> FieldPlan:
    return answer_plan(EVENTS[name]) if name in EVENTS else UNDECLARED


def joined(plans: Sequence[ObjectPlan]) -> ObjectPlan:
    """Of objects that are of one of several types."""
    first, *others = plans
    if all(each is first for each in others):
        return first
    whole = ObjectPlan()
    names = {name: None for plan in plans for name in plan.fields}
    for name in names:
        each, *further = [plan.fields[name] for plan in plans if name in plan.fields]
        for other in further:
            each = each.joined(other)
        whole.add(name, each)
    for plan in plans:
        if plan.values is not None:
            whole.values = whole.values.joined(plan.values) if whole.values else plan.values
    return whole


def object_plan(fields: Mapping[str, FieldPlan]) -> FieldPlan:
    """Of an object with these fields."""
    plan = ObjectPlan()
    for name, each in fields.items():
        plan.add(name, each)
    return FieldPlan(has_texts=False, objects=plan)


def _field_plan(hint: object) -> FieldPlan:
    whole = FieldPlan(has_texts=False)
    for kind, marks in _parts(hint, ()):
        whole = whole.joined(_plan_of_part(kind, marks))
    return whole


def _plan_of_part(kind: object, marks: Sequence[object]) -> FieldPlan:
    if kind is Personal:
        marks = (*marks, TextKind.PERSONAL)
    plan = FieldPlan(has_texts=kind in (*TEXTS, Personal) or get_origin(kind) is Literal)
    for mark in marks:
        if isinstance(mark, TextKind):
            plan.kind = mark
            plan.personal = mark is TextKind.PERSONAL and plan.has_texts
        elif isinstance(mark, SealedIn):
            plan.sealed_in = mark
        elif isinstance(mark, NamesStream):
            plan.category = mark.category
    if kind is Personal:
        return plan
    if isinstance(kind, type) and (is_typeddict(kind) or field_names(kind)):
        plan.objects = _STARTED.get(kind) or plan_of(kind)
    elif get_origin(kind) is dict and get_args(kind)[1] is not object:
        plan.objects = ObjectPlan(values=_field_plan(get_args(kind)[1]))
    return plan


def _parts(hint: object, marks: tuple[object, ...]) -> Iterator[tuple[object, tuple[object, ...]]]:
    """The types that a type is made of, each with its annotations."""
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *more = get_args(hint)
        yield from _parts(inner, (*marks, *more))
    elif origin in (Union, UnionType, NotRequired, Required) or _is_list(origin):
        for each in get_args(hint):
            yield from _parts(each, marks)
    else:
        yield hint, marks


def _is_list(origin: object) -> bool:
    return isinstance(origin, type) and origin is not type and issubclass(origin, list | tuple)


EVENT_ITEMS = answer_plan(FeedItemAnswer)
"""Of a list of events."""
