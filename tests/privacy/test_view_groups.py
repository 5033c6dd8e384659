"""Views of a public page are on record in groups, and those of callers with a key one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oms_ledger.privacy import view_groups
from oms_ledger.privacy.disclosure import Access
from oms_ledger.privacy.view_groups import GROUP_SECONDS, ViewGroups

PAGE = Access("public tracking", "public", "GET /v1/tracking/{token}", "tracking", public=True)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_view_stands_for_those_of_the_next_minutes() -> None:
    clock = Clock()
    groups = ViewGroups(clock)
    assert groups.unrecorded(PAGE, {"a", "b"}) == {"a", "b"}
    assert groups.unrecorded(PAGE, {"a"}) == {"a"}, "it counts once it is recorded"
    groups.recorded(PAGE, {"a"})
    assert groups.unrecorded(PAGE, {"a", "b"}) == {"b"}
    assert groups.unrecorded(replace(PAGE, route="elsewhere"), {"a"}) == {"a"}
    clock.now += GROUP_SECONDS - 1
    assert groups.unrecorded(PAGE, {"a"}) == set()
    clock.now += 1
    assert groups.unrecorded(PAGE, {"a"}) == {"a"}


def test_a_caller_with_a_key_is_recorded_each_time() -> None:
    groups = ViewGroups(Clock())
    access = Access("key:desk", "1", "GET /v1/orders", "api")
    groups.recorded(access, {"a"})
    assert groups.unrecorded(access, {"a"}) == {"a"}


def test_groups_are_bounded_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_groups, "GROUPS_MAX", 100)
    groups = ViewGroups(Clock())
    for n in range(1000):
        groups.recorded(PAGE, {str(n)})
    assert len(groups._until) == 100
    assert groups.unrecorded(PAGE, {"0", "999"}) == {"0"}
