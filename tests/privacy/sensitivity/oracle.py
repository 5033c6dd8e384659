"""Compares what is masked by type with what the walker masks by the names of fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from oms_ledger.privacy.sensitivity import mask
from oms_ledger.privacy.sensitivity.mask import Mentions, SensitivityView
from oms_ledger.privacy.sensitivity.plans import FieldPlan
from tests.privacy.sensitivity import walker


@dataclass(slots=True)
class Comparison:
    """How many answers were compared and how many of them masked, and those that differ."""

    answers: int = 0
    masked: int = 0
    differing: list[Any] = field(default_factory=list)

    def compare(self, new: object, old: object, body: object) -> None:
        if new != old:
            self.differing.append((new, old, body))


def named_view(view: SensitivityView) -> walker.SensitivityView:
    """The same view for the walker."""
    if view.unlinked:
        harmless, links = walker.HARMLESS - walker.LINKS, walker.LINKS
        return walker.SensitivityView(view.sensitive, view.mask, view.mark, harmless, links)
    return walker.SensitivityView(view.sensitive, view.mask, view.mark)


@contextmanager
def comparing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comparison]:
    """Compares every answer that is rendered meanwhile; AssertionError at the end where one differs
    or has a text that no type declares."""
    compared = Comparison()
    mentions_in, rendered = mask.mentions_in, mask.rendered
    insensitive = mask.is_declared_insensitive

    def both_mentions(
        body: object, plan: FieldPlan, path: Mapping[str, str] | None = None
    ) -> Mentions:
        new, old = mentions_in(body, plan, path), walker.mentions_in(body, path)
        compared.answers += 1
        compared.compare(
            (new.declared, new.undeclared, new.marked, new.untyped),
            (old.declared, old.undeclared, old.marked, False),
            body,
        )
        return new

    def both_insensitive(body: object, plan: FieldPlan) -> bool:
        new = insensitive(body, plan)
        if new:
            compared.answers += 1
            old = walker.mentions_in(body)
            sensitive = old.marked or any(old.declared.values())
            compared.compare((set(), False), (old.undeclared, sensitive), body)
        return new

    def both_rendered(
        body: Any, plan: FieldPlan, view: SensitivityView, path: Mapping[str, str] | None = None
    ) -> Any:
        new = rendered(body, plan, view, path)
        compared.masked += view.mask
        compared.compare(new, walker.rendered(body, named_view(view), path), body)
        return new

    with monkeypatch.context() as patch:
        patch.setattr(mask, "mentions_in", both_mentions)
        patch.setattr(mask, "is_declared_insensitive", both_insensitive)
        patch.setattr(mask, "rendered", both_rendered)
        yield compared
    assert not compared.differing, compared.differing[0]
