"""Events, errors and the state of the machinery as answers show them."""

from __future__ import annotations

from typing import Any, NotRequired

from typing_extensions import TypedDict


class FieldProblemShape(TypedDict, total=False):
    """One field, line or SKU at fault; which of these there are depends on `code`."""

    field: str
    message: str
    type: str
    line: str
    sku: str | None
    location: str
    requested: int
    available: int


class ProblemShape(TypedDict):
    """RFC 9457. `code` is stable and for programs, `detail` for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: NotRequired[list[FieldProblemShape]]


class FeedItemShape(TypedDict):
    """One event. `occurred_at` only where it differs from `recorded_at`; `sensitive` where it is
    about a sensitive order or product."""

    position: int
    stream: str
    version: int
    type: str
    recorded_at: str
    occurred_at: NotRequired[str]
    actor: str
    command: str
    command_id: str
    correlation_id: str
    causation_id: str
    sensitive: NotRequired[bool]
    data: dict[str, Any]


class EventsShape(TypedDict):
    items: list[FeedItemShape]


class FeedShape(EventsShape):
    next_after: int


class DryRunShape(TypedDict):
    """What would be written. `position` is where the ledger stands."""

    events: list[FeedItemShape]
    position: int


class ReadModelBuildShape(TypedDict):
    name: str
    version: int
    shape: int
    position: int
    lag_events: int
    lag_seconds: float
    parked: int
    state: str
    indexed: bool
    progress: float
    seconds_left: float | None


class ReadModelShape(ReadModelBuildShape):
    """Its live build. `others` stand beside it: being made, or live before."""

    others: list[ReadModelBuildShape]


class RebuildShape(TypedDict):
    name: str
    version: int
    shape: int
    state: str
    position: int


class ParkedStreamShape(TypedDict):
    name: str
    version: int
    stream: str
    first_position: int
    events: int
    error: str
    parked_at: str
    attempts: int


class ParkedStreamsShape(TypedDict):
    name: str
    items: list[ParkedStreamShape]


class RetriedStreamShape(TypedDict):
    stream: str
    folded: bool


class RetriedShape(TypedDict):
    name: str
    streams: list[RetriedStreamShape]
    parked: int


class ReadyShape(TypedDict):
    """Commands and queries can be answered. `degraded` names the loops of the workers that have
    failed for five minutes or longer; it is empty where all is well."""

    status: str
    database: str
    migrations: str
    head: int
    degraded: list[str]


class AliveShape(TypedDict):
    status: str


class InclusionProofShape(TypedDict):
    """RFC 6962. `leaf` is the exact bytes that are hashed; it and the hashes are base64. Who may
    not see what is in it is given stars."""

    position: int
    leaf: str
    tree_size: int
    hashes: list[str]
    sensitive: NotRequired[bool]


ConsistencyProofShape = TypedDict(
    "ConsistencyProofShape",
    {"from": int, "to": int, "hashes": list[str]},  # `from` cannot be a field of a class
)


class VerificationCheckShape(TypedDict):
    name: str
    about: str
    count: int
    findings: int


_VerificationFinding = TypedDict(  # noqa: UP013  # keys of the JSON answer, not names of ours
    "_VerificationFinding",
    {
        "kind": str,
        "text": str,
        "first": NotRequired[int],
        "last": NotRequired[int],
        "stream": NotRequired[str],
        "expected": NotRequired[str],
        "found": NotRequired[str],
        "remedy": str,
    },
)


class VerificationFindingShape(_VerificationFinding):
    """`first` and `last` are positions, where there are any."""


VerificationShape = TypedDict(
    "VerificationShape",
    {
        "report": str,
        "ok": bool,
        "ledger": str,
        "origin": str,
        "program": str,
        "from": int,
        "until": int,
        "head": int,
        "sealed": int,
        "started_at": str,
        "finished_at": str,
        "keys": list[str],
        "anchors": list[str],
        "checks": list[VerificationCheckShape],
        "order_totals": dict[str, str],
        "findings": list[VerificationFindingShape],
        "left_out": list[str],
        "repaired": list[str],
    },
)


class AccessedShape(TypedDict):
    """`subjects`: `customer:<id>`, `email:` or `order:<id>`. `sensitive_orders`: orders of which
    was shown what they are about."""

    number: int
    at: str
    actor: str
    principal: str
    purpose: str
    route: str
    subjects: list[str]
    sensitive_orders: list[str]


class AccessesShape(TypedDict):
    items: list[AccessedShape]
    next_before: int | None
