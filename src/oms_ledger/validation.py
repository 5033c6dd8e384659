"""JSON and the fields of commands and queries, checked: pydantic's errors as errors of the domain.

Used by HTTP and by the command line, so that both name a wrong field in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from oms_ledger.domain.errors import Invalid, OmsError
from oms_ledger.kernel import Json

FIELD_ERRORS_MAX = 100
"""How many wrong fields one error names."""

MESSAGE_CHARACTERS_MAX = 300

REMEDIES = {
    "missing": "It is required. Add it.",
    "unexpected_keyword_argument": "There is no such field. Check its spelling, or leave it out.",
    "dataclass_type": "Write a JSON object.",
}
"""Messages that replace pydantic's, by the type of its error."""


class Malformed(OmsError):
    """The request cannot be read at all."""

    code = "malformed"


def parse_json(body: bytes) -> object:
    """The value that a JSON text in UTF-8 stands for; an empty text is an empty object. Raises
    `Malformed`."""
    try:
        value: object = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise malformed(str(error)) from None
    return value


def malformed(reason: str) -> Malformed:
    """The error for a text that is not JSON."""
    return Malformed(
        f"The body is not JSON. {reason[:MESSAGE_CHARACTERS_MAX]}. Send one JSON object in UTF-8."
    )


def invalid(field: str, message: str) -> Invalid:
    """The error for one wrong field; `message` ends with the remedy."""
    return Invalid(
        f"{field or 'The body'}: {message}", errors=[{"field": field, "message": message}]
    )


def from_validation(error: ValidationError, within: Sequence[str | int] = ()) -> OmsError:
    """`Invalid` with an entry for each wrong field; `Malformed` where the text was not JSON.

    `within` is the path of the validated value in the request and comes before every field name.
    Values are never repeated: they may be personal, or huge.
    """
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        return malformed(errors[0]["msg"])
    errors = [each for each in errors if not _follows(each, errors)]
    fields = [_field(within, dict(each)) for each in errors[:FIELD_ERRORS_MAX]]
    names = ", ".join(dict.fromkeys(str(f["field"]) or "the body" for f in fields[:5]))
    return Invalid(
        f"{len(errors)} invalid: {names}. Correct them and send the request again.", errors=fields
    )


def _follows(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Whether an error is only the consequence of others: pydantic calls a list too short when
    items of it are wrong."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in errors
    )


def _field(within: Sequence[str | int], error: Mapping[str, Any]) -> dict[str, Json]:
    """The entry of one wrong field. Rules over several fields name the one at fault at the start
    of their message, before a colon."""
    name = ".".join(str(part) for part in (*within, *error["loc"]))
    message = REMEDIES.get(error["type"], str(error["msg"]))
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if error["type"] == "value_error":
        first, colon, rest = message.partition(": ")
        if colon and first.replace("_", "").replace(".", "").isalnum():
            name, message = f"{name}.{first}" if name else first, rest
    return {
        "field": name[:MESSAGE_CHARACTERS_MAX],
        "message": message[:MESSAGE_CHARACTERS_MAX],
        "type": error["type"],
    }
