"""A route table for the busiest paths: those with fixed parts and values of one segment. All
others are left to Starlette."""

from __future__ import annotations

from starlette.types import Scope

from oms_ledger.http.endpoint import Endpoint

_Pattern = tuple[tuple[str, ...], Endpoint]


class RouteTable:
    """Patterns by method and number of segments. Where several match, the first added wins."""

    def __init__(self) -> None:
        self._fixed: dict[tuple[str, str], Endpoint] = {}
        self._patterns: dict[tuple[str, int], list[_Pattern]] = {}

    def add(self, endpoint: Endpoint) -> None:
        method, path = endpoint.method, endpoint.path
        if "{" not in path:
            self._fixed[method, path] = endpoint
        elif ":path}" not in path:
            segments = tuple(path.split("/"))
            self._patterns.setdefault((method, len(segments)), []).append((segments, endpoint))

    def fixed(self, scope: Scope) -> Endpoint | None:
        """The endpoint of a path without values."""
        return self._fixed.get((_method(scope), scope["path"]))

    def match(self, scope: Scope) -> tuple[Endpoint, Scope] | None:
        """The endpoint of a decoded path, and the scope with its values as `path_params`."""
        segments = scope["path"].split("/")
        for pattern, endpoint in self._patterns.get((_method(scope), len(segments)), ()):
            values = _values(pattern, segments)
            if values is not None:
                return endpoint, {**scope, "path_params": values}
        return None


def _method(scope: Scope) -> str:
    """The method whose route answers: that of GET also answers HEAD."""
    method: str = scope["method"]
    return "GET" if method == "HEAD" else method


def _values(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    values = {}
    for expected, segment in zip(pattern, segments, strict=True):
        if expected.startswith("{") and expected.endswith("}"):
            if not segment:
                return None
            values[expected[1:-1]] = segment
        elif expected != segment:
            return None
    return values
