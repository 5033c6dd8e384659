"""Answers of the machinery itself, as types: errors, read models, parked streams."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from oms_ledger.domain.connections.answers import ConnectionAnswer
from oms_ledger.domain.event_answers import EventsAnswer, FeedItemAnswer
from oms_ledger.domain.text_kinds import Harmless, LinkNumber, LinkText, Sku


class FieldProblemAnswer(TypedDict, total=False):
    """One field, line or SKU at fault; which of these there are depends on `code`."""

    field: str
    message: str
    type: Harmless
    line: LinkText
    sku: Sku | None
    location: Harmless
    requested: int
    available: int


class ProblemAnswer(TypedDict):
    """RFC 9457. `code` is stable and for programs, `detail` for people."""

    type: Harmless
    title: str
    status: int
    code: Harmless
    detail: str
    errors: NotRequired[list[FieldProblemAnswer]]


class FeedAnswer(EventsAnswer):
    next_after: int


class DryRunAnswer(TypedDict):
    """What would be written, beside the answer that the command would give. `position` is where
    the ledger stands."""

    events: list[FeedItemAnswer]
    position: LinkNumber


class ReadModelBuildAnswer(TypedDict):
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


class ReadModelAnswer(ReadModelBuildAnswer):
    """Its live build. `others` stand beside it: being made, or live before."""

    others: list[ReadModelBuildAnswer]


class RebuildAnswer(TypedDict):
    name: str
    version: int
    shape: int
    state: str
    position: int


class ParkedStreamAnswer(TypedDict):
    name: str
    version: int
    stream: str
    first_position: int
    events: int
    error: str
    parked_at: str
    attempts: int


class ParkedStreamsAnswer(TypedDict):
    name: str
    items: list[ParkedStreamAnswer]


class RetriedStreamAnswer(TypedDict):
    stream: str
    folded: bool


class RetriedAnswer(TypedDict):
    name: str
    streams: list[RetriedStreamAnswer]
    parked: int


class ReadyAnswer(TypedDict):
    """Commands and queries can be answered. `degraded` names the loops of the workers that have
    failed for five minutes or longer, `connection <name>` where a job or message is dead or the
    vendor fails for as long, and `clock` where the clocks of program, database and ledger do not
    agree; it is empty where all is well."""

    status: str
    database: str
    migrations: str
    head: int
    degraded: list[str]


class ConnectionHealthAnswer(TypedDict):
    """`backlog` are the jobs and messages that wait, `dead` those that a person must see.
    `blocked_until` is set while the vendor wants no calls."""

    last_success: str | None
    last_error: str | None
    last_error_at: str | None
    blocked_until: str | None
    rate_limit: int | None
    rate_remaining: int | None
    backlog: int
    dead: int


class ConnectionStatusAnswer(ConnectionAnswer):
    """`secrets` are the names of those that it has."""

    secrets: list[str]
    secrets_set_at: str | None
    health: ConnectionHealthAnswer


class ConnectionsAnswer(TypedDict):
    items: list[ConnectionStatusAnswer]


class ConnectionSecretsAnswer(TypedDict):
    name: str
    names: list[str]
    set_at: str


class ConnectionTestAnswer(TypedDict):
    """`code` is what is wrong, in a word; null where the vendor takes the secrets."""

    name: str
    ok: bool
    code: str | None


class RefusedWorkAnswer(TypedDict):
    """A command of a policy or a deadline (`source`) that was refused; without `command` an event
    on which a policy or an effect has failed. `position` and `stream` are those of the event that
    it follows from, `reference` identifies it among those of its source."""

    source: str
    reference: str
    position: int
    stream: str
    command: str | None
    code: str
    attempts: int
    refused_at: str


class RefusedWorkListAnswer(TypedDict):
    items: list[RefusedWorkAnswer]


class RefusedWorkDecidedAnswer(TypedDict):
    source: str
    reference: str


class JobAnswer(TypedDict):
    """`state` is waiting, running, done, dead or cancelled. `uncertain`: the vendor may have acted,
    which is looked up before it is called again. `position` is that of the event that it is for."""

    job_id: str
    effect: str
    connection: str
    position: int
    stream: str
    state: str
    attempts: int
    uncertain: bool
    due_at: str
    code: str | None
    created_at: str
    updated_at: str


class JobsAnswer(TypedDict):
    items: list[JobAnswer]
    next_cursor: str | None


class MessageStoredAnswer(TypedDict):
    """`status` is stored, or known where the same message came before."""

    status: str


class InboxMessageAnswer(TypedDict):
    connection: str
    message_id: str
    received_at: str
    state: str
    attempts: int
    due_at: str
    code: str | None
    ended_at: str | None


class InboxMessagesAnswer(TypedDict):
    items: list[InboxMessageAnswer]


class MessageStateAnswer(TypedDict):
    connection: str
    message_id: str
    state: str


class AliveAnswer(TypedDict):
    status: str


class InclusionProofAnswer(TypedDict):
    """RFC 6962. `leaf` is the exact bytes that are hashed; it and the hashes are base64. Who may
    not see what is in it is given stars."""

    position: int
    leaf: str
    tree_size: int
    hashes: list[str]
    sensitive: NotRequired[bool]


ConsistencyProofAnswer = TypedDict(
    "ConsistencyProofAnswer",
    {"from": int, "to": int, "hashes": list[str]},  # `from` cannot be a field of a class
)


class VerificationCheckAnswer(TypedDict):
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


class VerificationFindingAnswer(_VerificationFinding):
    """`first` and `last` are positions, where there are any."""


VerificationAnswer = TypedDict(
    "VerificationAnswer",
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
        "checks": list[VerificationCheckAnswer],
        "order_totals": dict[str, str],
        "findings": list[VerificationFindingAnswer],
        "left_out": list[str],
        "repaired": list[str],
    },
)


class AccessedAnswer(TypedDict):
    """`subjects`: `customer:<id>`, `email:`, `order:<id>`, or `account:<hash>` of store credit.
    `sensitive_orders` and
    `sensitive_drafts`: orders and drafts of which was shown what they are about."""

    number: int
    at: str
    actor: str
    principal: str
    purpose: str
    route: str
    subjects: list[str]
    sensitive_orders: list[str]
    sensitive_drafts: list[str]


class AccessesAnswer(TypedDict):
    items: list[AccessedAnswer]
    next_before: int | None


class KeyChangeAnswer(TypedDict):
    """An API key as it was after a change: `created`, `rotated` (made in the place of another),
    `expiry_changed`, `revoked`, `altered` or `deleted`. `holder` is the first key in a row of
    rotations; `login` is the database's."""

    number: int
    at: str
    change: str
    actor: str
    login: str
    key_id: str
    name: str
    role: str | None
    scopes: list[str]
    expires_at: str | None
    holder: str | None
    channels: list[str] | None


class KeyChangesAnswer(TypedDict):
    items: list[KeyChangeAnswer]
    next_before: int | None
