"""Scopes, which routes require, and roles, which are named sets of scopes.

Every command and query names its own scope; docs/access.md lists what each role may do. API keys
store the name of their role, so that a change of the role applies to them at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from oms_ledger.domain.errors import invalid_field

ADMIN = "admin"
"""The scope that includes every other."""

SENSITIVE = "sensitive:read"
"""The scope to see the content of sensitive orders. Few roles include it."""

PUBLIC = "public"
"""The scope of public routes, which every caller has."""

ANY = "any"
"""In the place of a scope: the route takes every valid key, and checks scopes by itself."""

SCOPES: dict[str, str] = {
    "orders:read": "orders, their history and their lines",
    "orders:write": "place, edit, confirm, hold, release and cancel orders",
    "stock:read": "stock, its movements, products and locations",
    "stock:write": "receive, adjust, count, transfer and return stock; define products, locations",
    "shipments:read": "shipments",
    "shipments:write": "create, label, dispatch, track, deliver and cancel shipments",
    "payments:write": "take, capture, void and refund payments",
    "returns:write": "request, approve, receive and refund returns",
    "connections:read": "connections to vendors, their health, jobs and messages",
    "connections:write": "define, test and pause connections, set their secrets; retry jobs",
    "analytics:read": "counts, rates and times",
    "audit:read": "the feed of all events; proofs and checkpoints",
    "pii:read": "personal data in clear; masked without it",
    SENSITIVE: "the content of sensitive orders, and sensitive products; masked without it",
    ADMIN: "everything, and the operation of the ledger itself",
}

_READING = frozenset({"orders:read", "stock:read", "shipments:read"})

ROLES: dict[str, frozenset[str]] = {
    "admin": frozenset({ADMIN}),
    "operator": frozenset(SCOPES) - {ADMIN, SENSITIVE},
    "warehouse": _READING | {"stock:write", "shipments:write", "returns:write", "pii:read"},
    "pharmacist": _READING
    | {"orders:write", "stock:write", "shipments:write", "returns:write", "pii:read", SENSITIVE},
    "channel": _READING | {"orders:write", "payments:write", "returns:write"},
    "support": _READING | {"orders:write", "returns:write", "pii:read"},
    "analyst": _READING | {"analytics:read"},
    "auditor": _READING | {"analytics:read", "audit:read"},
}

ROLE_HOLDERS: dict[str, str] = {
    "admin": "administrators of the ledger",
    "operator": "the desk: all daily business",
    "warehouse": "staff who receive, pack and send; they need addresses",
    "pharmacist": "staff who prepare, pack and send sensitive orders, and are responsible for them",
    "channel": "a web shop or marketplace that sends orders and has its own customer data",
    "support": "customer service",
    "analyst": "analysts, who need no personal data",
    "auditor": "auditors, who change nothing",
}


def allows(scopes: Collection[str], scope: str) -> bool:
    """Whether these scopes include the required scope."""
    return scope in (PUBLIC, ANY) or scope in scopes or ADMIN in scopes


def roles_with(scope: str) -> list[str]:
    """The roles that include a scope."""
    return [role for role, scopes in ROLES.items() if allows(scopes, scope)]


def scopes_of(role: str | None, scopes: Iterable[str] = ()) -> frozenset[str]:
    """The scopes of a role and additional scopes. A role that no longer exists has none."""
    return ROLES.get(role or "", frozenset()) | frozenset(scopes)


def check(role: str | None, scopes: Collection[str]) -> None:
    """`Invalid` if the role or a scope does not exist, or neither is given."""
    if role is not None and role not in ROLES:
        raise invalid_field("role", f"There is no role {role!r}. There are: {', '.join(ROLES)}.")
    for scope in scopes:
        if scope not in SCOPES:
            raise invalid_field(
                "scope", f"There is no scope {scope!r}. There are: {', '.join(SCOPES)}."
            )
    if role is None and not scopes:
        raise invalid_field("role", f"Give a role or scopes. Roles are: {', '.join(ROLES)}.")
