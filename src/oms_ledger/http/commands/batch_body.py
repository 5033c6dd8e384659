"""The body of a batch: a list of commands, each checked for card data by itself, so that one with
card data is refused alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from oms_ledger.domain.errors import OmsError, invalid_field
from oms_ledger.http.bodies import (
    BODY_VALUES_MAX,
    COMMAND_BYTES_MAX,
    check_body,
    refuse_card_data_and_nul,
    refuse_large_command,
    refuse_too_many,
)
from oms_ledger.kernel import Json
from oms_ledger.privacy import cards
from oms_ledger.privacy.cards import Inspection
from oms_ledger.validation import malformed, parse_json

_UNKNOWN = re.compile(r"unknown field `(.*)`", re.DOTALL)
_syntax = msgspec.json.Decoder(msgspec.Raw).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode

SHARED_BYTES_MAX = 1000
"""Of the value of a field that all items share."""

Decode = Callable[[bytes], msgspec.Struct]


@lru_cache
def _decoders(many: str, shared: tuple[str, ...]) -> tuple[Decode, Decode]:
    """Decoders of bodies with the fields `many` and `shared`: one that refuses every other field,
    and one that passes over them. To keep all fields of a body that has 500,000 would hold up every
    thread of the process for a second."""
    fields = [(name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in (many, *shared)]
    alone = msgspec.defstruct("Batch", fields, forbid_unknown_fields=True)
    among = msgspec.defstruct("BatchAmongOthers", fields)
    return msgspec.json.Decoder(alone).decode, msgspec.json.Decoder(among).decode


def fields_of(body: bytes, many: str, shared: tuple[str, ...] = ()) -> dict[str, msgspec.Raw]:
    """The fields `many` and `shared` of a body, as they are written and not yet checked. Where
    there are others, the
    first of them with null in place of its value: the body is no batch, and nothing of it is kept.
    One that is no larger than a command may be has been checked then."""
    refuse_too_many(body, BODY_VALUES_MAX)
    alone, among = _decoders(many, shared)
    fields: dict[str, msgspec.Raw] = {}
    try:
        body.decode()  # the decoder does not check the text inside of items
        try:
            batch = alone(body or b"{}")
        except msgspec.ValidationError as error:
            if len(body) <= COMMAND_BYTES_MAX:
                check_body(body)
            _syntax(body)
            batch = among(body)
            if unknown := _UNKNOWN.search(str(error)):
                fields[unknown[1]] = msgspec.Raw(b"null")
    except msgspec.ValidationError:
        raise invalid_field("", "Write a JSON object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(str(error)) from None
    for name in (*shared, many):
        value = getattr(batch, name)
        if value is not msgspec.UNSET:
            fields[name] = value
    return fields


@dataclass(frozen=True, slots=True)
class BatchBody:
    """The JSON text of each item, or the refusal of one with card data or NUL.

    `without_refused` is the body for the fingerprint of the request, with null in place of
    refused items: the hash of a card number would give the number away to anybody who tries all.
    `shared` are the values of fields beside the list, for items that lack them.
    """

    items: Sequence[bytes | OmsError]
    without_refused: bytes
    shared: Mapping[str, Json]

    @staticmethod
    def of(
        body: bytes,
        fields: Mapping[str, msgspec.Raw],
        many: str,
        at_most: int,
        shared: Collection[str] = (),
    ) -> BatchBody:
        """The batch whose items are in the field `many`; beside it there may be only `shared` ones.
        `Invalid` where the body is no such batch, or has card data elsewhere than in an item."""
        beside = {name: _shared_value(name, fields[name]) for name in shared if name in fields}
        others = {name: value for name, value in fields.items() if name != many}
        own = {name: value for name, value in fields.items() if name not in beside}
        if not cards.may_hold_card_data(body):
            return BatchBody([bytes(item) for item in _items(own, many, at_most)], body, beside)
        inspection = Inspection()
        refuse_card_data_and_nul(_encode(others), inspection)
        items = [
            _checked(bytes(item), inspection, f"{many}.{number}")
            for number, item in enumerate(_items(own, many, at_most))
        ]
        if not any(isinstance(item, OmsError) for item in items):
            return BatchBody(items, body, beside)
        kept = [None if isinstance(item, OmsError) else msgspec.Raw(item) for item in items]
        return BatchBody(items, _encode({many: kept, **beside}), beside)


def _shared_value(name: str, value: msgspec.Raw) -> Json:
    """`Invalid` for a value that is no short text, number or flag: each item gets it."""
    parsed = parse_json(bytes(value)) if len(bytes(value)) <= SHARED_BYTES_MAX else []
    if not isinstance(parsed, str | int | float | bool):
        raise invalid_field(name, "Write one short value, which all items share.")
    return parsed


def _checked(item: bytes, inspection: Inspection, within: str) -> bytes | OmsError:
    try:
        refuse_large_command(item)
        refuse_card_data_and_nul(item, inspection, within)
    except OmsError as error:
        return error
    return item


def _items(fields: Mapping[str, msgspec.Raw], many: str, at_most: int) -> list[msgspec.Raw]:
    for name in fields:
        if name != many:
            raise invalid_field(name, f"Beside {many} there is nothing to say.")
    if many not in fields:
        raise invalid_field(many, "It is required. Add it.")
    try:
        items = _list(fields[many])
    except msgspec.ValidationError:
        raise invalid_field(many, "Write a list.") from None
    if not 1 <= len(items) <= at_most:
        raise invalid_field(many, f"It has {len(items)} items. Send 1 to {at_most}.")
    return items
