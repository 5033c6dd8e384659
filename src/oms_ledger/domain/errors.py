"""Every way the ledger says no. One tree, no HTTP in it.

OmsError
 ├─ Invalid                a field cannot be right, whatever the ledger holds
 ├─ Refused                the business says no; `code` says which no
 ├─ NotFound               nothing of that name
 ├─ AsOfNotSupported       a question that cannot be answered for a past moment
 ├─ Conflict               the caller's expected version is stale
 ├─ IdempotencyKeyReused   the key was used for a different request
 ├─ Unauthenticated        no key, or one that is not valid
 ├─ Forbidden              a valid key without the right
 └─ Unavailable            try again later
     ├─ ClockWrong         the clocks of program and database differ
     ├─ Overloaded         the writer's queue is full, or the database does not answer
     └─ ReadModelBehind    the read model has not reached `min_position` in time
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oms_ledger.kernel import Json


class OmsError(Exception):
    """A refusal with a stable `code`, a sentence for a person and, where lines or fields are
    at fault, one entry each in `errors`. `reason` is a word for the log, finer than the code."""

    code = "error"
    replayed = False
    """Whether this is the first answer again, given under the same idempotency key."""

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, Json]] = (),
        reason: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = tuple(errors)
        self.reason = reason or self.code


class Invalid(OmsError):
    code = "invalid_fields"


class Refused(OmsError):
    code = "refused"


class NotFound(OmsError):
    code = "not_found"


class AsOfNotSupported(OmsError):
    """`detail` says why, and what to ask instead."""

    code = "as_of_not_supported"


class Conflict(OmsError):
    code = "version_conflict"


class IdempotencyKeyReused(OmsError):
    code = "idempotency_key_reused"


class Unauthenticated(OmsError):
    code = "unauthenticated"


class Forbidden(OmsError):
    code = "forbidden"


class Unavailable(OmsError):
    code = "unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Overloaded(Unavailable):
    code = "overloaded"


class ClockWrong(Unavailable):
    """A clock is wrong, and what depends on the time is not done."""

    code = "clock_wrong"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, retry_after_seconds=10)


class ReadModelBehind(Unavailable):
    code = "read_model_behind"


def illegal_transition(what: str, now: str, wanted: str, remedy: str) -> Refused:
    """The standard refusal of a guarded transition: from, to and what to do instead."""
    return Refused(f"{what} is {now}; it cannot be {wanted}. {remedy}", code="illegal_transition")
