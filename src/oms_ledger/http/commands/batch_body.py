"""The body of a batch: a list of commands, each checked for card data by itself, so that one with
card data is refused alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from oms_ledger.domain.errors import OmsError
from oms_ledger.http.bodies import (
    BODY_VALUES_MAX,
    check_body,
    refuse_card_data_and_nul,
    refuse_too_many,
)
from oms_ledger.privacy import cards
from oms_ledger.privacy.cards import Inspection
from oms_ledger.validation import invalid, malformed, parse_json

_whole = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def fields_of(body: bytes) -> dict[str, msgspec.Raw]:
    """The fields of a body, as they are written and not yet checked."""
    refuse_too_many(body, BODY_VALUES_MAX)
    try:
        body.decode()  # the decoder does not check the text inside of items
        return _whole(body or b"{}")
    except msgspec.ValidationError:
        check_body(body)
        parse_json(body)
        raise invalid("", "Write a JSON object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(str(error)) from None


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
