"""Principals: authenticated callers, by whatever means, and their scopes."""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.access.roles import ADMIN, SENSITIVE, allows, roles_with
from oms_ledger.domain.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `id` separates the rate limits of callers; `actor` is recorded in events; `scopes`
    are the granted rights. `holder` is the id of the first of several API keys that have replaced
    each other by rotation; None where that is `id`. `channels`: keys of the channels whose orders
    alone the caller may place, see and change; None where the caller is bound to none."""

    id: str
    actor: str
    scopes: frozenset[str]
    holder: str | None = None
    channels: frozenset[str] | None = None

    @property
    def idempotency_scope(self) -> str:
        """Separates the idempotency keys of callers. A rotated API key keeps it."""
        return self.holder or self.id

    @property
    def key_id(self) -> str | None:
        """The id of the API key; None for others, whose ids may name persons."""
        return self.id if self.actor.startswith("key:") else None

    @property
    def read_rights(self) -> ReadRights:
        return ReadRights(allows(self.scopes, SENSITIVE), self.channels)


@dataclass(frozen=True, slots=True)
class ReadRights:
    """What a caller may see in answers. `sensitive`: sensitive orders and products; `channels`:
    keys of the channels whose orders alone; None: orders of all."""

    sensitive: bool = True
    channels: frozenset[str] | None = None


EVERYTHING = ReadRights()

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
        named = " or ".join(roles_with(scope))
        raise Forbidden(
            f"{principal.actor} lacks the scope {scope}. An administrator can give it: a key or"
            f" token with the role {named}, or a key with --scope {scope}.",
            reason="missing_scope",
        )


def authorise_within_channels(principal: Principal, within: bool) -> None:
    """`Forbidden` for a principal that is bound to channels, unless what it wants to do keeps
    `within` the orders of these."""
    if principal.channels is not None and not within:
        names = ", ".join(sorted(principal.channels))
        raise Forbidden(
            f"{principal.actor} is bound to channels: {names}. This reaches beyond their orders:"
            " use a key that is bound to none.",
            reason="bound_to_channels",
        )
