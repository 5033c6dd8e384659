"""Plans of the bodies of answers (`privacy/sensitivity/plans.py`): of the type that a command or
query declares, with what HTTP adds."""

from __future__ import annotations

from functools import cache

from oms_ledger.domain.text_kinds import TextKind
from oms_ledger.http.openapi.answers import ProblemAnswer
from oms_ledger.kernel import Command, Query
from oms_ledger.privacy.sensitivity.plans import (
    EVENT_ITEMS,
    FieldPlan,
    answer_plan,
    object_plan,
)

POSITION = FieldPlan(TextKind.LINK, has_texts=False)
PROBLEM = answer_plan(ProblemAnswer)
NUMBER = FieldPlan(has_texts=False)


@cache
def query_plan(query: Query) -> FieldPlan:
    return answer_plan(query.answer_type).joined(object_plan({"position": POSITION}))


@cache
def command_plan(kind: type[Command]) -> FieldPlan:
    """Of the answer of one command; `events` are those of a dry run."""
    added = object_plan({"position": POSITION, "events": EVENT_ITEMS})
    return answer_plan(kind.answer_type).joined(added)


@cache
def batch_plan(kinds: tuple[type[Command], ...]) -> FieldPlan:
    """Of the answer of a batch of commands of these kinds."""
    items = object_plan({"status": NUMBER, "problem": PROBLEM})
    for kind in kinds:
        answer = command_plan(kind)
        names = {"answer"} | ({kind.route.many.removesuffix("s")} if kind.route.many else set())
        items = items.joined(object_plan(dict.fromkeys(names, answer)))
    return object_plan({"results": items, "position": POSITION})
