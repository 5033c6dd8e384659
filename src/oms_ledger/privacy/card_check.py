"""Checks commands for card data, in whatever way they arrived. HTTP and the command line check
what they read as well, before they parse it: their errors would repeat it."""

from __future__ import annotations

import msgspec
import orjson

from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.json_values import revealed_json
from oms_ledger.kernel import Command
from oms_ledger.privacy import cards

_encode = msgspec.json.Encoder().encode


def may_hold_card_data(command: Command) -> bool:
    """Whether `card_data_in` must be called: a quick check, with false positives and no false
    negatives. The command's personal values must not be sealed yet."""
    return cards.may_hold_card_data(_encode(command))


def card_data_in(command: Command) -> Invalid | None:
    """The refusal of a command with card data; None if it has none. The command's personal values
    must not be sealed yet."""
    encoded = _encode(command)
    if not cards.may_hold_card_data(encoded):
        return None
    try:
        cards.refuse(revealed_json(orjson.loads(encoded)))
    except Invalid as error:
        return error
    return None
