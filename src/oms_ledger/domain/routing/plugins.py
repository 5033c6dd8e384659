"""Rules of a shop's own: functions that score places, under the names of their entry points.

The registry is filled once, when a program starts. A function runs in the writer's thread, under
the lock of the ledger: it must be quick, and use nothing but its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite
from types import MappingProxyType
from typing import TypeAlias

from oms_ledger.domain.routing.demand import Demand

GROUP = "oms_ledger.routing_rules"
"""The group of the entry points."""

RoutingPlugin: TypeAlias = Callable[[Demand, Mapping[str, str]], Mapping[str, float]]
"""Scores places by code, for a demand and the options of the rule. Lower is better. A place without
a score comes last."""

_installed: dict[str, RoutingPlugin] = {}


def install(plugins: Mapping[str, RoutingPlugin]) -> None:
    """Replace the installed plug-ins by these, by name."""
    _installed.clear()
    _installed.update(plugins)


def installed() -> Mapping[str, RoutingPlugin]:
    return MappingProxyType(_installed)


def scores_of(
    name: str, demand: Demand, options: Mapping[str, str]
) -> tuple[Mapping[str, float], str | None]:
    """The scores of a plug-in, and what is wrong with it, or None. Whatever it raises or answers,
    nothing is raised here: places without a usable score come last, in the order of other rules."""
    plugin = _installed.get(name)
    if plugin is None:
        return {}, f"{name}: no plug-in of this name is installed"
    try:
        answer: object = plugin(_read_only(demand), MappingProxyType(dict(options)))
        return _usable(name, answer, demand)
    except (Exception, SystemExit) as error:
        return {}, f"{name}: it raised {type(error).__name__}"


def _read_only(demand: Demand) -> Demand:
    places = {
        code: replace(place, units=MappingProxyType(dict(place.units)))
        for code, place in demand.places.items()
    }
    return replace(demand, places=MappingProxyType(places))


def _usable(name: str, answer: object, demand: Demand) -> tuple[Mapping[str, float], str | None]:
    if not isinstance(answer, Mapping):
        return {}, f"{name}: it answered a {type(answer).__name__}, not scores by location"
    scores: dict[str, float] = {}
    wrong = 0
    for code, score in answer.items():
        number = isinstance(score, int | float) and not isinstance(score, bool)
        if number and code in demand.places and isfinite(score):
            scores[code] = float(score)
        else:
            wrong += 1
    fault = f"{name}: {wrong} of its scores are no finite numbers of places" if wrong else None
    return scores, fault
