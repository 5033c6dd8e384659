"""A client that sends the examples of commands, and checks answers by their declared types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from oms_commands import COMMANDS
from oms_projections import QUERIES
from tests.http.conftest import Api
from tests.http.work_routes import NO_QUERY


def fits(shape: Any, body: object) -> None:
    """The body has the shape: every field of its type, none missing, none too many."""
    adapter: TypeAdapter[object] = TypeAdapter(shape)
    assert adapter.validate_python(body, strict=True) == body


class ExampleClient:
    """Sends the examples of commands and queries by name. `used` are the names so far."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.used: set[str] = set()

    def do(self, name: str, *, body: Any = None, **path: str) -> dict[str, Any]:
        route = COMMANDS[name].route
        response = self.api.send(
            route.method,
            route.path.format(**path),
            json=COMMANDS[name].example if body is None else body,
        )
        assert response.status_code == route.status, response.text
        self.used.add(name)
        answer: dict[str, Any] = response.json()
        assert response.headers["ledger-position"] == str(answer["position"])
        fits(COMMANDS[name].answer_type, {k: v for k, v in answer.items() if k != "position"})
        return answer

    def see(
        self, name: str, after: int, *, query: Mapping[str, str] = NO_QUERY, **path: str
    ) -> dict[str, Any]:
        wanted = next(q for q in QUERIES if q.name == name)
        params = {"min_position": after, **query}
        response = self.api.get(wanted.path.format(**path), params=params)
        assert response.status_code == 200, response.text
        self.used.add(name)
        assert int(response.headers["ledger-position"]) >= after
        answer: dict[str, Any] = response.json()
        fits(wanted.answer_type, answer)
        return answer
