"""The routes that are neither commands nor queries, each declared once: `app` serves them, the
OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oms_commands.routing._simulation import EXAMPLES, SimulateRouting
from oms_ledger.access.roles import ADMIN, PUBLIC
from oms_ledger.domain.routing.answers import SimulationAnswer
from oms_ledger.http.openapi import answers, parts
from oms_ledger.http.openapi.parts import (
    AFTER,
    FRESHNESS,
    FROM,
    LIMIT,
    POSITION,
    RESUME,
    TO,
    TREE_SIZE,
    TYPES,
    Json,
)
from oms_ledger.kernel import Json as Value

AUDIT = "audit:read"

ANY_COMMANDS = "/v1/commands:batch"
ANY_COMMANDS_FIELD = "commands"
ANY_COMMANDS_MAX = 1000
"""The route of commands of any kinds, the field of its body that lists them, and how many."""

JSON = "application/json"
SSE = "text/event-stream"
TEXT = "text/plain"
BYTES = "application/octet-stream"
PDF = "application/pdf"

_TEXT: Json = {"type": "string"}
_BYTES: Json = {"type": "string", "format": "binary"}


@dataclass(frozen=True, slots=True)
class FixedRoute:
    """A route and its part of the OpenAPI document.

    `path` is Starlette's: `{index:path}` also matches slashes. `scope` is what callers need.
    `answer` is a shape, or the schema itself; with `is_list` the answer is a list of it. `body` is
    the type of the request's body, if it has one, or its schema, and `examples` are bodies by name;
    `conflicts`: it changes something, which may be refused.
    """

    path: str
    scope: str
    summary: str
    media: str
    answer: type | Json
    parameters: tuple[Json, ...] = ()
    method: str = "GET"
    status: int = 200
    is_list: bool = False
    body: type | Json | None = None
    body_media: str = JSON
    examples: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    conflicts: bool = False

    @property
    def documented_path(self) -> str:
        return self.path.replace(":path}", "}")


EVENTS = FixedRoute(
    "/v1/events",
    AUDIT,
    "The permanent, ordered feed of all events",
    JSON,
    answers.FeedAnswer,
    (AFTER, LIMIT, TYPES, *FRESHNESS),
)
EVENT_STREAM = FixedRoute(
    "/v1/events/stream", AUDIT, "The feed as it grows", SSE, _TEXT, (AFTER, TYPES, RESUME)
)
PARCEL_STREAM = FixedRoute(
    "/v1/tracking/{token}/stream", PUBLIC, "A parcel as it moves", SSE, _TEXT
)
HEALTH = FixedRoute("/healthz", PUBLIC, "The process answers", JSON, answers.AliveAnswer)
READY = FixedRoute(
    "/readyz", PUBLIC, "Commands and queries can be answered", JSON, answers.ReadyAnswer
)
METRICS = FixedRoute("/metrics", PUBLIC, "Counts and times, for Prometheus", TEXT, _TEXT)
READ_MODELS = FixedRoute(
    "/v1/projections",
    ADMIN,
    "How far every read model has got",
    JSON,
    answers.ReadModelAnswer,
    is_list=True,
)
PARKED = FixedRoute(
    "/v1/projections/{name}/parked",
    ADMIN,
    "Streams that a read model has left out",
    JSON,
    answers.ParkedStreamsAnswer,
)
RETRY = FixedRoute(
    "/v1/projections/{name}/retry",
    ADMIN,
    "Fold the streams again that were left out",
    JSON,
    answers.RetriedAnswer,
    method="POST",
)
REBUILD = FixedRoute(
    "/v1/projections/{name}/rebuild",
    ADMIN,
    "Build a read model anew beside the live one",
    JSON,
    answers.RebuildAnswer,
    method="POST",
    status=202,
)
ROUTING_SIMULATION = FixedRoute(
    "/v1/routing:simulate",
    "orders:read",
    "The ranking of places for one order, or rules tried on past orders",
    JSON,
    SimulationAnswer,
    method="POST",
    body=SimulateRouting,
    examples=EXAMPLES,
)
AUDIT_CHECKPOINT = FixedRoute(
    "/v1/audit/checkpoint",
    PUBLIC,
    "The newest signed checkpoint (c2sp.org/tlog-checkpoint)",
    TEXT,
    _TEXT,
)
INCLUSION = FixedRoute(
    "/v1/audit/proof/inclusion",
    AUDIT,
    "A proof that an event is in the ledger",
    JSON,
    answers.InclusionProofAnswer,
    (POSITION, TREE_SIZE),
)
CONSISTENCY = FixedRoute(
    "/v1/audit/proof/consistency",
    AUDIT,
    "A proof that the ledger only grew",
    JSON,
    answers.ConsistencyProofAnswer,
    (FROM, TO),
)
VERIFICATION = FixedRoute(
    "/v1/audit/verify",
    AUDIT,
    "What the last verification of the whole ledger found",
    JSON,
    answers.VerificationAnswer,
)
ACCESSES = FixedRoute(
    "/v1/audit/access",
    AUDIT,
    "Who was shown whose personal data, the newest first",
    JSON,
    answers.AccessesAnswer,
    tuple(parts.ACCESSES),
)
KEY_CHANGES = FixedRoute(
    "/v1/audit/keys",
    ADMIN,
    "Who made, rotated and revoked which API key, the newest first",
    JSON,
    answers.KeyChangesAnswer,
    tuple(parts.KEY_CHANGES),
)
CHECKPOINT = FixedRoute(
    "/checkpoint", PUBLIC, "The same checkpoint, where c2sp.org/tlog-tiles has it", TEXT, _TEXT
)
ENTRIES = FixedRoute(
    "/tile/entries/{index:path}",
    AUDIT,
    "Leaves, which are whole events (c2sp.org/tlog-tiles)",
    BYTES,
    _BYTES,
)
TILE = FixedRoute(
    "/tile/{level}/{index:path}", PUBLIC, "A tile of the tree (c2sp.org/tlog-tiles)", BYTES, _BYTES
)

REFUSED_WORK = FixedRoute(
    "/v1/work/refused",
    ADMIN,
    "Commands of policies and deadlines that were refused, and events on which a policy or an"
    " effect has failed; the oldest first",
    JSON,
    answers.RefusedWorkListAnswer,
)
REFUSED_WORK_RETRY = FixedRoute(
    "/v1/work/refused/{source}/{reference:path}/retry",
    ADMIN,
    "Submit a refused command again, or make the job of an event on which an effect has failed",
    JSON,
    answers.RefusedWorkDecidedAnswer,
    method="POST",
    conflicts=True,
)
REFUSED_WORK_DISMISS = FixedRoute(
    "/v1/work/refused/{source}/{reference:path}/dismiss",
    ADMIN,
    "Delete a refusal: nothing is to be done, or a person has done it",
    JSON,
    answers.RefusedWorkDecidedAnswer,
    method="POST",
    conflicts=True,
)

CONNECTIONS_READ = "connections:read"
CONNECTIONS_WRITE = "connections:write"

CONNECTIONS = FixedRoute(
    "/v1/connections",
    CONNECTIONS_READ,
    "Connections to vendors, with their health",
    JSON,
    answers.ConnectionsAnswer,
    tuple(FRESHNESS),
)
CONNECTION_SECRETS = FixedRoute(
    "/v1/connections/{connection}/secrets",
    CONNECTIONS_WRITE,
    "Replace the secrets of a connection, which are shown to nobody",
    JSON,
    answers.ConnectionSecretsAnswer,
    method="PUT",
    conflicts=True,
    body={"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 100},
)
CONNECTION_TEST = FixedRoute(
    "/v1/connections/{connection}/test",
    CONNECTIONS_WRITE,
    "Call the vendor without changing anything there",
    JSON,
    answers.ConnectionTestAnswer,
    method="POST",
    conflicts=True,
)
JOBS = FixedRoute(
    "/v1/jobs",
    CONNECTIONS_READ,
    "Calls to vendors that wait, were done or failed; the newest first",
    JSON,
    answers.JobsAnswer,
    tuple(parts.JOBS),
)
JOB_RETRY = FixedRoute(
    "/v1/jobs/{job_id}/retry",
    CONNECTIONS_WRITE,
    "Do a job now that waits, is dead or was cancelled; its outcome is looked up first",
    JSON,
    answers.JobAnswer,
    method="POST",
    conflicts=True,
)
JOB_CANCEL = FixedRoute(
    "/v1/jobs/{job_id}/cancel",
    CONNECTIONS_WRITE,
    "End a job that waits or is dead; what the vendor has done stays done",
    JSON,
    answers.JobAnswer,
    method="POST",
    conflicts=True,
)
INBOX_RECEIVE = FixedRoute(
    "/v1/inbox/{connection}",
    PUBLIC,
    "A message of a vendor, under its own signature",
    JSON,
    answers.MessageStoredAnswer,
    method="POST",
    conflicts=True,
    body={"type": "string", "format": "binary"},
    body_media="*/*",
)
INBOX = FixedRoute(
    "/v1/inbox",
    CONNECTIONS_READ,
    "Messages of vendors, without their content; the newest first",
    JSON,
    answers.InboxMessagesAnswer,
    tuple(parts.MESSAGES),
)
INBOX_REPLAY = FixedRoute(
    "/v1/inbox/{connection}/{message_id}/replay",
    CONNECTIONS_WRITE,
    "Translate a message again that is done or dead",
    JSON,
    answers.MessageStateAnswer,
    method="POST",
    conflicts=True,
)
INBOX_DROP = FixedRoute(
    "/v1/inbox/{connection}/{message_id}/drop",
    CONNECTIONS_WRITE,
    "End a dead message from which nothing is to follow",
    JSON,
    answers.MessageStateAnswer,
    method="POST",
    conflicts=True,
)

FIXED_ROUTES = (
    EVENTS,
    EVENT_STREAM,
    PARCEL_STREAM,
    HEALTH,
    READY,
    METRICS,
    READ_MODELS,
    PARKED,
    RETRY,
    REBUILD,
    REFUSED_WORK,
    REFUSED_WORK_RETRY,
    REFUSED_WORK_DISMISS,
    ROUTING_SIMULATION,
    AUDIT_CHECKPOINT,
    INCLUSION,
    CONSISTENCY,
    VERIFICATION,
    ACCESSES,
    KEY_CHANGES,
    CHECKPOINT,
    ENTRIES,
    TILE,
    CONNECTIONS,
    CONNECTION_SECRETS,
    CONNECTION_TEST,
    JOBS,
    JOB_RETRY,
    JOB_CANCEL,
    INBOX_RECEIVE,
    INBOX,
    INBOX_REPLAY,
    INBOX_DROP,
)
"""In the order of the OpenAPI document."""
