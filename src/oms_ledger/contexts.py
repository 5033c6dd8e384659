"""Time, identity and chance, made in one place and given to every rule that needs them."""

from __future__ import annotations

import secrets
from collections import deque
from datetime import UTC, datetime

import uuid_utils

from oms_ledger.kernel import Context


def new_context(
    actor: str, *, correlation_id: str | None = None, causation_id: str | None = None
) -> Context:
    """What one command is decided with; the only place where it is made."""
    command_id = str(uuid_utils.uuid7())
    return Context(
        datetime.now(UTC),
        command_id,
        actor,
        correlation_id or command_id,
        causation_id or command_id,
        _token(),
    )


def _token() -> str:
    """Unguessable. Drawn in advance: each draw from the system lets go of the interpreter's
    lock, and getting it back from a busy writer takes longer than all the rest of a request."""
    try:
        return _tokens.popleft()
    except IndexError:
        _tokens.extend(secrets.token_urlsafe(16) for _ in range(TOKENS_AHEAD))
        return secrets.token_urlsafe(16)


TOKENS_AHEAD = 500

_tokens: deque[str] = deque()
