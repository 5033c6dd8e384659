"""JSON and the fields of commands and queries, checked: pydantic's errors as errors of the domain.

Used by HTTP and by the command line, so that both name a wrong field in the same words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from oms_ledger.domain import patterns
from oms_ledger.domain.errors import Invalid, OmsError

FIELD_ERRORS_MAX = 100
"""How many wrong fields one error names."""

FAULTS_READ_MAX = 1000
"""How many faults are read for it: a body may have tens of thousands."""

MESSAGE_CHARACTERS_MAX = 300

REMEDIES: Mapping[str, str] = {
    "missing": "It is required. Add it.",
    "missing_argument": "It is required. Add it.",
    "unexpected_keyword_argument": "There is no such field. Check its spelling, or leave it out.",
    "extra_forbidden": "There is no such field. Check its spelling, or leave it out.",
    "dataclass_type": "Write a JSON object.",
    "dataclass_exact_type": "Write a JSON object.",
    "dict_type": "Write a JSON object.",
    "model_type": "Write a JSON object.",
    "string_type": "Write text.",
    "string_unicode": "Write text in UTF-8.",
    "string_too_short": "Write at least {min_length} characters.",
    "string_too_long": "Write at most {max_length} characters.",
    "int_type": "Write a whole number.",
    "int_parsing": "Write a whole number.",
    "int_parsing_size": "Write a smaller whole number.",
    "int_from_float": "Write a whole number, without a fraction.",
    "float_type": "Write a number.",
    "float_parsing": "Write a number.",
    "finite_number": "Write a finite number.",
    "decimal_type": 'Write an amount as text, such as "2.55".',
    "decimal_parsing": 'Write an amount as text, such as "2.55".',
    "decimal_max_digits": "Write fewer digits.",
    "decimal_max_places": "Write fewer digits after the point.",
    "decimal_whole_digits": "Write fewer digits before the point.",
    "greater_than": "Write more than {gt}.",
    "greater_than_equal": "Write {ge} or more.",
    "less_than": "Write less than {lt}.",
    "less_than_equal": "Write {le} or less.",
    "bool_type": "Write true or false.",
    "bool_parsing": "Write true or false.",
    "literal_error": "Write {expected}.",
    "enum": "Write {expected}.",
    "none_required": "Leave it out, or write null.",
    "list_type": "Write a list.",
    "tuple_type": "Write a list.",
    "too_short": "Write at least {min_length} items.",
    "too_long": "Write at most {max_length} items.",
    "datetime_type": "Write a time such as 2026-11-26T10:00:00Z.",
    "datetime_parsing": "Write a time such as 2026-11-26T10:00:00Z.",
    "datetime_from_date_parsing": "Write a time such as 2026-11-26T10:00:00Z.",
    "datetime_object_invalid": "Write a time such as 2026-11-26T10:00:00Z.",
    "timezone_aware": "Write a time with its zone, such as 2026-11-26T10:00:00Z or +02:00.",
    "timezone_naive": "Write a time without a zone.",
    "date_type": "Write a day such as 2026-11-26.",
    "date_parsing": "Write a day such as 2026-11-26.",
    "date_from_datetime_parsing": "Write a day such as 2026-11-26.",
    "date_from_datetime_inexact": "Write a day such as 2026-11-26.",
    "union_tag_not_found": "Write a JSON object with its type.",
    "union_tag_invalid": "Write a type that is one of {expected_tags}.",
    "recursion_loop": "Write fewer levels of objects and lists.",
}
"""What to do about each kind of fault that fields have: sentences about what to send, with the
bounds of the field in braces."""

OTHERWISE = "Write it as the documentation of the API shows."

KINDS: Mapping[str, str] = {
    "missing_argument": "missing",
    "unexpected_keyword_argument": "unknown_field",
    "extra_forbidden": "unknown_field",
    "string_pattern_mismatch": "wrong_format",
    "literal_error": "wrong_value",
    "enum": "wrong_value",
    "union_tag_invalid": "wrong_value",
    "value_error": "wrong_value",
    "assertion_error": "wrong_value",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "missing": "missing",
    "too_short": "too_short",
    "too_long": "too_long",
}
"""`type` of a wrong field by the validator's name for its fault; `wrong_type` for all others."""

_OWN_WORDS = ("value_error", "assertion_error")
"""Faults whose messages are sentences of our own."""


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
    errors = error.errors(include_url=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        return malformed(errors[0]["msg"])
    fields = wrong_fields(errors[:FAULTS_READ_MAX], within)
    unread = (each for each in errors[FAULTS_READ_MAX:] if each["type"] != "too_short")
    number = len(fields) + sum(1 for _ in unread)
    names = ", ".join(dict.fromkeys(each.field or "the body" for each in fields[:5]))
    return Invalid(
        f"{number} invalid: {names}. Correct them and send the request again.",
        errors=[each._asdict() for each in fields[:FIELD_ERRORS_MAX]],
    )


class WrongField(NamedTuple):
    """One wrong field. `message` says what to send, `type` is one of the values of `KINDS`, or
    `wrong_type`."""

    field: str
    message: str
    type: str


def wrong_fields(
    errors: Sequence[ErrorDetails], within: Sequence[str | int] = ()
) -> list[WrongField]:
    """The entries of all wrong fields, without faults that only follow from others: a list is
    called too short where an item of it is wrong, and a field of several types has a fault for
    each."""
    fields = [_wrong_field(each, within) for each in errors]
    outer = {name for each in fields for name in _outer(each.field)}
    kept: dict[str, WrongField] = {}
    for each in fields:
        if each.field in outer and each.type in ("too_short", "wrong_type"):
            continue
        other = kept.get(each.field)
        if other is not None and each.type == other.type == "wrong_type":
            both = f"{other.message.rstrip('.')}, or {each.message[:1].lower()}{each.message[1:]}"
            kept[each.field] = other._replace(message=both)
        else:
            kept.setdefault(each.field, each)
    return list(kept.values())


def _outer(name: str) -> Iterator[str]:
    """The names of all fields that a field is in."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _wrong_field(error: ErrorDetails, within: Sequence[str | int]) -> WrongField:
    """The entry of one wrong field. Rules over several fields name the one at fault at the start
    of their message, before a colon."""
    kind = error["type"]
    parts = [*within, *(part for part in error["loc"][:-1] if not _is_branch(part))]
    if error["loc"] and (kind in _UNKNOWN or not _is_branch(error["loc"][-1])):
        parts.append(error["loc"][-1])
    name, message = ".".join(map(str, parts)), _message(error)
    if kind == "value_error":
        first, colon, rest = message.partition(": ")
        if colon and first.replace("_", "").replace(".", "").isalnum():
            name, message = f"{name}.{first}" if name else first, rest
    return WrongField(
        name[:MESSAGE_CHARACTERS_MAX],
        message[:MESSAGE_CHARACTERS_MAX],
        KINDS.get(kind, "wrong_type"),
    )


_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")


def _is_branch(part: str | int) -> bool:
    """Whether a part of a path names one of several types that a field may have, and no field:
    fields are in lower case and have no dashes or brackets."""
    return isinstance(part, str) and (part[:1].isupper() or "-" in part or "[" in part)


def _message(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _OWN_WORDS:
        return error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind == "string_pattern_mismatch":
        return patterns.REMEDIES.get(str(context.get("pattern")), OTHERWISE)
    bounds = {name: _number(value) for name, value in context.items()}
    message = REMEDIES.get(kind, OTHERWISE).format(**bounds)
    message = message.replace("'[", "'").replace("]'", "'")  # tags, see _is_branch
    return message.replace(" 1 characters", " 1 character").replace(" 1 items", " 1 item")


def _number(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
