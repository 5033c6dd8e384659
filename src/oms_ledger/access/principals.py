"""Principals: authenticated callers, by whatever means, and their scopes."""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.access.roles import ADMIN, allows, roles_with
from oms_ledger.domain.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `id` separates idempotency keys and rate limits of callers; `actor` is recorded in
    events; `scopes` are the granted rights."""

    id: str
    actor: str
    scopes: frozenset[str]


ADMINISTRATOR = Principal("admin", "key:admin", frozenset({ADMIN}))
"""The holder of OMS_ADMIN_KEY."""

LOCAL = Principal("local", "local", frozenset({ADMIN}))
"""Every caller on this machine while authentication is switched off."""

ANONYMOUS = Principal("public", "public", frozenset())
"""A caller without credentials, who may use public routes alone."""


def authorise(principal: Principal, scope: str) -> None:
    """`Forbidden` unless the principal has the scope; the error names the scope and the roles that
    grant it."""
    if not allows(principal.scopes, scope):
        raise Forbidden(
            f"{principal.actor} lacks the scope {scope}. An administrator can give it: a key or"
            f" token with the role {' or '.join(roles_with(scope))}, or a key with --scope {scope}."
        )
