"""Whoever asks, however they proved it."""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.access.roles import ADMIN, allows, roles_with
from oms_ledger.domain.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Principal:
    """`id` scopes idempotency keys and rate limits; `actor` is what events call them; `scopes`
    is what they may do."""

    id: str
    actor: str
    scopes: frozenset[str]


ADMINISTRATOR = Principal("admin", "key:admin", frozenset({ADMIN}))
"""Holder of OMS_ADMIN_KEY."""

LOCAL = Principal("local", "local", frozenset({ADMIN}))
"""Anybody on this machine, where keys are switched off."""

ANYBODY = Principal("public", "public", frozenset())
"""Without a key: may see what is public."""


def authorise(who: Principal, scope: str) -> None:
    """`Forbidden` unless they may; it names what is missing and who can give it."""
    if not allows(who.scopes, scope):
        raise Forbidden(
            f"{who.actor} lacks the scope {scope}. An administrator can give it: a key or token"
            f" with the role {' or '.join(roles_with(scope))}, or a key with --scope {scope}."
        )
