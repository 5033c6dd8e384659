"""The body of a batch: a list of commands, each checked for card data by itself, so that one with
card data is refused alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from oms_ledger.domain.errors import OmsError
from oms_ledger.http.bodies import (
    BODY_VALUES_MAX,
    COMMAND_BYTES_MAX,
    check_body,
    refuse_card_data_and_nul,
    refuse_large_command,
    refuse_too_many,
)
from oms_ledger.privacy import cards
from oms_ledger.privacy.cards import Inspection
from oms_ledger.validation import invalid, malformed

_UNKNOWN = re.compile(r"unknown field `(.*)`", re.DOTALL)
_syntax = msgspec.json.Decoder(msgspec.Raw).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode

Decode = Callable[[bytes], msgspec.Struct]


@lru_cache
def _decoders(many: str) -> tuple[Decode, Decode]:
    """Decoders of bodies with the field `many`: one that refuses every other field, and one that
    passes over them. To keep all fields of a body that has 500,000 would hold up every thread of
    the process for a second."""
    field = (many, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET)
    alone = msgspec.defstruct("Batch", [field], forbid_unknown_fields=True)
    among = msgspec.defstruct("BatchAmongOthers", [field])
    return msgspec.json.Decoder(alone).decode, msgspec.json.Decoder(among).decode


def fields_of(body: bytes, many: str) -> dict[str, msgspec.Raw]:
    """The field `many` of a body, as it is written and not yet checked. Where there are others, the
    first of them with null in place of its value: the body is no batch, and nothing of it is kept.
    One that is no larger than a command may be has been checked then."""
    refuse_too_many(body, BODY_VALUES_MAX)
    alone, among = _decoders(many)
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
        raise invalid("", "Write a JSON object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(str(error)) from None
    items = getattr(batch, many)
    return fields if items is msgspec.UNSET else {**fields, many: items}


@dataclass(frozen=True, slots=True)
class BatchBody:
    """The JSON text of each item, or the refusal of one with card data or NUL.

    `without_refused` is the body for the fingerprint of the request, with null in place of
    refused items: the hash of a card number would give the number away to anybody who tries all.
    """

    items: Sequence[bytes | OmsError]
    without_refused: bytes

    @staticmethod
    def of(body: bytes, fields: Mapping[str, msgspec.Raw], many: str, at_most: int) -> BatchBody:
        """The batch whose items are in the field `many`, the only one that there may be. `Invalid`
        where the body is no such batch, or has card data elsewhere than in an item."""
        if not cards.may_hold_card_data(body):
            return BatchBody([bytes(item) for item in _items(fields, many, at_most)], body)
        inspection = Inspection()
        others = {name: value for name, value in fields.items() if name != many}
        refuse_card_data_and_nul(_encode(others), inspection)
        items = [
            _checked(bytes(item), inspection, f"{many}.{number}")
            for number, item in enumerate(_items(fields, many, at_most))
        ]
        if not any(isinstance(item, OmsError) for item in items):
            return BatchBody(items, body)
        kept = [None if isinstance(item, OmsError) else msgspec.Raw(item) for item in items]
        return BatchBody(items, _encode({many: kept}))


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
            raise invalid(name, f"Beside {many} there is nothing to say.")
    if many not in fields:
        raise invalid(many, "It is required. Add it.")
    try:
        items = _list(fields[many])
    except msgspec.ValidationError:
        raise invalid(many, "Write a list.") from None
    if not 1 <= len(items) <= at_most:
        raise invalid(many, f"It has {len(items)} items. Send 1 to {at_most}.")
    return items
