"""Rules of a shop's own, and that nothing they do breaks the placing of orders."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest

from oms_commands.orders.place import PlaceOrder
from oms_ledger import routing_plugins
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.routing import plugins
from oms_ledger.domain.routing.demand import Demand
from oms_ledger.domain.routing.events import (
    OrderRouted,
    RoutingRule,
    RoutingRulesDefined,
    RuleOption,
)
from oms_ledger.domain.routing.plugins import GROUP
from oms_ledger.testing import given
from tests.commands.shop import goods, place, stock

RULE = RoutingRule("plugin", plugin="test", options=(RuleOption("last", "LON"),))
SHOP = (place("LON", 1), place("MAN", 2), goods(), stock(5), stock(5, location="MAN"))


def order() -> PlaceOrder:
    lines = [{"sku": "A", "quantity": 2, "unit_price": "2.55"}]
    return PlaceOrder(channel="web", currency="GBP", lines=lines)  # type: ignore[arg-type]  # validated


def routed_by(plugin: object, *more: RoutingRule) -> OrderRouted:
    """The decision about an order, with this plug-in first."""
    plugins.install({"test": plugin})  # type: ignore[dict-item]  # some are nonsense
    rules = RoutingRulesDefined("web", (RULE, *more))
    events = given(*SHOP, rules).when(order()).events
    (placed,) = (event for event in events if isinstance(event, OrderPlaced))
    assert sum(a.quantity for a in placed.allocations) == 2
    routed = events[-1]
    assert isinstance(routed, OrderRouted)
    return routed


@pytest.fixture(autouse=True)
def none_installed() -> Iterator[None]:
    yield
    plugins.install({})


def test_its_scores_rank_the_places() -> None:
    def last(demand: Demand, options: Mapping[str, str]) -> Mapping[str, float]:
        return {code: float(code == options["last"]) for code in demand.places}

    routed = routed_by(last)
    assert [each.location for each in routed.ranking] == ["MAN", "LON"]
    assert (routed.decided_by, routed.faults) == ("plugin:test", ())


def raises(demand: Demand, options: Mapping[str, str]) -> Mapping[str, float]:
    raise RuntimeError("no")


def exits(demand: Demand, options: Mapping[str, str]) -> Mapping[str, float]:
    sys.exit(1)


def changes(demand: Demand, options: Mapping[str, str]) -> Mapping[str, float]:
    demand.places.clear()  # type: ignore[attr-defined]  # that is the fault
    return {}


def sets_options(demand: Demand, options: Mapping[str, str]) -> Mapping[str, float]:
    options["last"] = "MAN"  # type: ignore[index]  # that is the fault
    return {}


class Hostile(dict[str, float]):
    def items(self) -> object:  # type: ignore[override]  # that is the fault
        raise ValueError("no")


@pytest.mark.parametrize(
    "plugin",
    [
        raises,
        exits,
        changes,
        sets_options,
        lambda demand, options: None,
        lambda demand, options: ["MAN"],
        lambda demand, options: {"LON": float("nan"), "MAN": float("inf")},
        lambda demand, options: {"LON": "far", "MAN": True, "MOON": 1.0, 7: 1.0},
        lambda demand, options: Hostile(LON=1.0),
        dict,
        "not a function",
    ],
)
def test_nonsense_is_recorded_and_other_rules_decide(plugin: object) -> None:
    routed = routed_by(plugin, RoutingRule("priority"))
    assert [each.location for each in routed.ranking] == ["LON", "MAN"]
    assert routed.decided_by == "priority"
    assert len(routed.faults) == 1


def test_one_that_is_not_installed_scores_nothing() -> None:
    rules = RoutingRulesDefined("web", (RULE,))
    routed = given(*SHOP, rules).when(order()).events[-1]
    assert isinstance(routed, OrderRouted)
    assert routed.faults == ("test: no plug-in of this name is installed",)


def test_without_its_guard_it_would_break_placing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above fail where a plug-in is called without care."""

    def careless(
        name: str, demand: Demand, options: Mapping[str, str]
    ) -> tuple[Mapping[str, float], None]:
        return plugins.installed()[name](demand, options), None

    monkeypatch.setattr("oms_ledger.domain.routing.rank.scores_of", careless)
    with pytest.raises(RuntimeError):
        routed_by(raises)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a module of a package that is installed, and returns its name."""

    def write(source: str) -> str:
        (tmp_path / "shop_rules.py").write_text(dedent(source))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "shop_rules", raising=False)
        return "shop_rules"

    return write


def test_entry_points_are_loaded_and_broken_ones_left_out(module: Callable[[str], str]) -> None:
    name = module(
        """
        def greenest(demand, options):
            return {code: 1.0 for code in demand.places}

        number = 7
        """
    )
    points = [
        EntryPoint("greenest", f"{name}:greenest", GROUP),
        EntryPoint("number", f"{name}:number", GROUP),
        EntryPoint("absent", f"{name}:absent", GROUP),
        EntryPoint("missing", "no_such_module:rule", GROUP),
    ]
    assert list(routing_plugins.loaded(points)) == ["greenest"]


def test_a_package_on_the_path_is_installed(
    tmp_path: Path, module: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an installed package declares it: metadata beside the module."""
    name = module("def closest_first(demand, options):\n    return {'MAN': 0.0, 'LON': 1.0}\n")
    metadata = tmp_path / "shop_rules-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-rules\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\nours = {name}:closest_first\n")
    routing_plugins.install()
    assert "ours" in plugins.installed()
    rules = RoutingRulesDefined("web", (RoutingRule("plugin", plugin="ours"),))
    routed = given(*SHOP, rules).when(order()).events[-1]
    assert isinstance(routed, OrderRouted)
    assert routed.ranking[0].location == "MAN"
