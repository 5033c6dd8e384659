"""Scopes, which routes ask for, and roles, which are scopes that people need together.

Every command and query names its own scope; docs/access.md shows what each role may do with all
of them. What a role means is said here alone: keys keep the name of their role, so that they
follow when its meaning changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from oms_ledger.domain.errors import Invalid

ADMIN = "admin"
"""May do everything."""

SENSITIVE = "sensitive:read"
"""May be shown what sensitive orders are about. Given by few roles, and by none in passing."""

PUBLIC = "public"
"""Asked for by what anybody may see. Nobody needs to be given it."""

SCOPES: dict[str, str] = {
    "orders:read": "orders, their history and their lines",
    "orders:write": "place, confirm, hold, release and cancel orders",
    "stock:read": "stock, its movements, products and locations",
    "stock:write": "receive, adjust, count, transfer and return stock; define products, locations",
    "shipments:read": "shipments",
    "shipments:write": "create, label, dispatch, track, deliver and cancel shipments",
    "payments:write": "take, capture, void and refund payments",
    "returns:write": "request, approve, receive and refund returns",
    "analytics:read": "counts, rates and times",
    "audit:read": "the feed of all events; proofs and checkpoints",
    "pii:read": "personal data in clear, where it is masked otherwise",
    SENSITIVE: "what sensitive orders are about, and sensitive products; masked otherwise",
    ADMIN: "everything, and the running of the ledger itself",
}

_LOOKING = frozenset({"orders:read", "stock:read", "shipments:read"})

ROLES: dict[str, frozenset[str]] = {
    "admin": frozenset({ADMIN}),
    "operator": frozenset(SCOPES) - {ADMIN, SENSITIVE},
    "warehouse": _LOOKING | {"stock:write", "shipments:write", "returns:write", "pii:read"},
    "pharmacist": _LOOKING
    | {"orders:write", "stock:write", "shipments:write", "returns:write", "pii:read", SENSITIVE},
    "channel": _LOOKING | {"orders:write", "payments:write", "returns:write"},
    "support": _LOOKING | {"orders:write", "returns:write", "pii:read"},
    "analyst": _LOOKING | {"analytics:read"},
    "auditor": _LOOKING | {"analytics:read", "audit:read"},
}

MEANT_FOR: dict[str, str] = {
    "admin": "whoever runs the ledger",
    "operator": "the desk: the whole daily business",
    "warehouse": "who receives, packs and sends; addresses are needed for that",
    "pharmacist": "who prepares, packs and sends what is sensitive, and answers for it",
    "channel": "a web shop or marketplace that sends orders; it knows its own customers",
    "support": "who talks to customers",
    "analyst": "who counts, and needs nobody's name",
    "auditor": "who checks, and changes nothing",
}


def allows(scopes: Collection[str], scope: str) -> bool:
    """Whether somebody with these scopes may do what asks for that one."""
    return scope == PUBLIC or scope in scopes or ADMIN in scopes


def roles_with(scope: str) -> list[str]:
    """The roles that may do what asks for this scope."""
    return [role for role, scopes in ROLES.items() if allows(scopes, scope)]


def scopes_of(role: str | None, scopes: Iterable[str] = ()) -> frozenset[str]:
    """A role's scopes and some more. A role that exists no longer gives nothing."""
    return ROLES.get(role or "", frozenset()) | frozenset(scopes)


def check(role: str | None, scopes: Collection[str]) -> None:
    """`Invalid` where there is no such role or scope, or nothing is given at all."""
    if role is not None and role not in ROLES:
        raise _invalid("role", f"There is no role {role!r}. There are: {', '.join(ROLES)}.")
    for scope in scopes:
        if scope not in SCOPES:
            raise _invalid("scope", f"There is no scope {scope!r}. There are: {', '.join(SCOPES)}.")
    if role is None and not scopes:
        raise _invalid("role", f"Give a role or scopes. Roles are: {', '.join(ROLES)}.")


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=[{"field": field, "message": message}])
