"""Routing rules of a shop's own, loaded from the entry points of installed packages."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

import structlog

from oms_ledger.domain.routing import plugins
from oms_ledger.domain.routing.plugins import GROUP, RoutingPlugin

log = structlog.get_logger(__name__)


def install() -> None:
    """Install every plug-in of the group, in the place of those that were installed before."""
    plugins.install(loaded(entry_points(group=GROUP)))


def loaded(points: Iterable[EntryPoint]) -> dict[str, RoutingPlugin]:
    """The functions behind entry points, by name. One that cannot be loaded, or is no function, is
    left out and logged: rules that name it score no place."""
    functions: dict[str, RoutingPlugin] = {}
    for point in points:
        try:
            plugin = point.load()
        except Exception as error:
            log.warning("routing_plugin_not_loaded", plugin=point.name, error=type(error).__name__)
            continue
        if callable(plugin):
            functions[point.name] = plugin
        else:
            log.warning("routing_plugin_not_loaded", plugin=point.name, error="not a function")
    return functions
