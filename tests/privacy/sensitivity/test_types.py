"""The types of answers and events declare of each field what the walker has by its name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oms_commands import COMMANDS
from oms_ledger.domain.registry import EVENTS
from oms_ledger.domain.text_kinds import TextKind
from oms_ledger.http.answer_plans import batch_plan, command_plan, query_plan
from oms_ledger.http.openapi.answers import FeedAnswer
from oms_ledger.privacy.sensitivity.plans import FieldPlan, ObjectPlan, answer_plan
from oms_projections import QUERIES
from tests.privacy.sensitivity import walker

PLANS: dict[str, FieldPlan] = {
    **{name: command_plan(kind) for name, kind in COMMANDS.items()},
    **{query.name: query_plan(query) for query in QUERIES},
    **{name: answer_plan(kind) for name, kind in EVENTS.items()},
    "feed": answer_plan(FeedAnswer),
    "batch": batch_plan((*COMMANDS.values(),)),
}


def fields_in(plan: ObjectPlan | None, visited: set[int]) -> Iterator[tuple[str, FieldPlan]]:
    """All fields of an object and of the objects in it."""
    if plan is None or id(plan) in visited:
        return
    visited.add(id(plan))
    for name, each in plan.fields.items():
        yield name, each
        yield from fields_in(each.objects, visited)


def traits(plan: FieldPlan) -> tuple[bool, bool, bool, str | None]:
    """What decides about a field: whether its texts are left, whether it links a SKU to orders,
    whether it has the name of a stream, and the category of the stream whose key it is."""
    harmless = plan.has_texts and plan.harmless
    return harmless, plan.link, plan.kind is TextKind.STREAM, plan.category


def by_name(name: str) -> tuple[bool, bool, bool, str | None]:
    """The same as the walker has it by the name of the field."""
    category = walker.NAMED_BY[name].category if name in walker.NAMED_BY else None
    return name in walker.HARMLESS, name in walker.LINKS, name == "stream", category


@pytest.mark.parametrize("name", PLANS)
def test_a_type_and_the_names_of_its_fields_agree(name: str) -> None:
    differing = {
        field: plan.kind
        for field, plan in fields_in(PLANS[name].objects, set())
        if (plan.has_texts or plan.kind) and plan.kind is not TextKind.EVENT_DATA
        if traits(plan) != by_name(field)
    }
    assert differing == {}
