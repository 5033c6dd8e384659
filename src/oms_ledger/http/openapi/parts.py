"""Pieces of the OpenAPI document that many routes share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from oms_ledger.access.roles import ANY, PUBLIC
from oms_ledger.http.errors import TITLES

Json = dict[str, Any]

PROBLEMS = {f"Problem{status}": status for status in TITLES}


def names(path: str) -> list[str]:
    """The names in braces."""
    return re.findall(r"{(\w+)}", path)


def tag(path: str) -> str:
    """The resource, as a heading."""
    return re.split(r"[/:]", path.removeprefix("/v1").lstrip("/"))[0]


def parameter(name: str, kind: str, about: str, where: str = "query") -> Json:
    return {"name": name, "in": where, "description": about, "schema": {"type": kind}}


def in_path(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names(path)
    ]


def of_params(schema: Json, path: str) -> list[Json]:
    """The fields of a query's parameters."""
    fixed = names(path)
    return in_path(path) + [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": {key: value for key, value in its.items() if key != "title"},
            **({"style": "form", "explode": False} if _is_list(its) else {}),
        }
        for name, its in schema.get("properties", {}).items()
        if name not in fixed
    ]


def _is_list(schema: Json) -> bool:
    """Whether a parameter takes several values, with commas between."""
    return any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", ())))


FRESHNESS = [
    parameter("min_position", "integer", "Answer once this position is in the answer."),
    parameter("wait_ms", "integer", "How long to wait for that: 2000, at most 10000."),
]

AS_OF = parameter(
    "as_of",
    "string",
    "Answer as of this position, or as of this time (RFC 3339; a day alone is meant whole), from"
    " the log. Not together with `min_position`.",
)

TYPES = parameter("types", "string", "Only events of these types, separated by commas.")
AFTER = parameter("after", "integer", "Only events after this position.")
LIMIT = parameter("limit", "integer", "1 to 500; 50 unless said otherwise.")
BEFORE = parameter("before", "integer", "Only those before this number.")
CUSTOMER = parameter("customer", "string", "Of this customer's data alone, by id.")
ORDER = parameter("order", "string", "Of what this sensitive order is about alone, by id.")
ACTOR = parameter("actor", "string", "By this actor alone.")
KEY_CHANGES = [parameter("key", "string", "Of the keys with this id or name."), BEFORE, LIMIT]
ACCESSES = [CUSTOMER, ORDER, ACTOR, BEFORE, LIMIT]
CONNECTION = parameter("connection", "string", "Of this connection alone.")
CURSOR = parameter("cursor", "string", "The `next_cursor` of the page before.")
STATE = parameter("state", "string", "In this state alone.")
JOBS = [STATE, CONNECTION, CURSOR, LIMIT]
MESSAGES = [STATE, CONNECTION, LIMIT]
PURPOSE = parameter(
    "X-Purpose", "string", "What personal data is asked for; goes on record.", "header"
)
POSITION = {**parameter("position", "integer", "The event's position."), "required": True}
TREE_SIZE = parameter("tree_size", "integer", "In the tree of so many events; the newest's.")
FROM = {**parameter("from", "integer", "Size of the earlier tree."), "required": True}
TO = parameter("to", "integer", "Size of the later tree; the newest's.")
RESUME = parameter("Last-Event-ID", "string", "Where the stream broke off.", "header")

_KEY = parameter(
    "Idempotency-Key", "string", "At most 255 characters. The same again is done once.", "header"
)
_CORRELATION = parameter("X-Correlation-Id", "string", "Kept with the events.", "header")
_IF_MATCH = parameter("If-Match", "string", "The version the order must still have.", "header")
_DRY_RUN = parameter(
    "dry_run", "boolean", "Answer as it would, with the events it would write; write nothing."
)


def of_commands(path: str, *, many: bool) -> list[Json]:
    about_an_order = "order_id" in names(path) and not many
    return [_DRY_RUN, _KEY, _CORRELATION, *([_IF_MATCH] if about_an_order else [])]


def _header(about: str, kind: str = "string") -> Json:
    return {"description": about, "schema": {"type": kind}}


_POSITION = {"Ledger-Position": _header("The position that the answer is from.", "integer")}

HEADERS_OF_QUERIES = _POSITION
HEADERS_OF_COMMANDS = {
    **_POSITION,
    "Idempotent-Replayed": _header("`true` where it had been answered before."),
    "X-Correlation-Id": _header("What events of this request have in common."),
}


def ok(described: str, schema: Json, headers: Json | None = None) -> Json:
    answer: Json = {
        "description": described,
        "content": {"application/json": {"schema": schema}},
    }
    return {**answer, "headers": headers} if headers else answer


def security(scope: str) -> list[Json]:
    """The security requirement of a route; none for public routes."""
    if scope == PUBLIC:
        return []
    return [{"apiKey": [] if scope == ANY else [scope]}]


def errors(statuses: Iterable[int]) -> Json:
    return {str(s): {"$ref": f"#/components/responses/Problem{s}"} for s in statuses}


def problem(status: int, schema: Json) -> Json:
    answer: Json = {
        "description": TITLES[status],
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status in (429, 503):
        answer["headers"] = {"Retry-After": _header("Seconds.", "integer")}
    return answer


def list_of(many: str, item: Json, at_most: int) -> Json:
    """The body of a batch."""
    items = {"type": "array", "items": item, "minItems": 1, "maxItems": at_most}
    return {
        "type": "object",
        "properties": {many: items},
        "required": [many],
        "additionalProperties": False,
    }


def results(one: str, answer: Json, shape: Callable[[str], Json]) -> Json:
    """The answer to a batch: for each item its outcome or its problem."""
    item = {
        "type": "object",
        "properties": {
            "status": {"type": "integer"},
            one: {"anyOf": [answer, {"allOf": [answer, shape("DryRun")]}]},
            "problem": shape("Problem"),
        },
        "required": ["status"],
    }
    return {
        "type": "object",
        "properties": {
            "results": {"type": "array", "items": item},
            "position": {"type": "integer"},
        },
        "required": ["results", "position"],
    }
