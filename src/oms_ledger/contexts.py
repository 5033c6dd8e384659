"""Makes the context of a command: time, ids and a random token, which rules may not make."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections import deque
from datetime import UTC, datetime

import uuid_utils

from oms_ledger.kernel import Context


def new_context(
    actor: str,
    *,
    command_id: str | None = None,
    correlation_id: str | None = None,
    causation_id: str | None = None,
) -> Context:
    """The context of one command. Without a `command_id` a new one is made; without a
    `correlation_id` the command starts a new correlation."""
    command_id = command_id or str(uuid_utils.uuid7())
    return Context(
        datetime.now(UTC),
        command_id,
        actor,
        correlation_id or command_id,
        causation_id or command_id,
        _token(),
    )


def _token() -> str:
    """A random token of 128 bits. Drawn in advance: each draw from the system releases the
    interpreter's lock, and to get it back from a busy writer takes longer than the rest of a
    request."""
    try:
        return _tokens.popleft()
    except IndexError:
        drawn = secrets.token_bytes(TOKEN_BYTES * (TOKENS_AHEAD + 1))
        first, *rest = (
            urlsafe_b64encode(drawn[n : n + TOKEN_BYTES]).rstrip(b"=").decode()
            for n in range(0, len(drawn), TOKEN_BYTES)
        )
        _tokens.extend(rest)
        return first


TOKEN_BYTES = 16
TOKENS_AHEAD = 500

_tokens: deque[str] = deque()
