"""Stored order documents are read in the shape they were written in."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from pydantic import TypeAdapter

from oms_ledger.domain.orders.answers import ListedOrderAnswer, OrderInFullAnswer
from oms_ledger.engine.log.codec import shape_of
from oms_projections.order_status import READ_MODEL
from oms_projections.order_status.document import OrderDocument

SHAPES = {14: "cce447f344b45ed7 da1e24c2d113a902"}
"""Fingerprint of a stored document, and of the answers stored beside it, by version of the read
model. A document of another shape would be read with defaults in the place of what it does not
have, and an answer would lack what its type has: raise the version of `READ_MODEL` with every
change of `OrderDocument`, of the answers, or of what is in them, so that a build with the new shape
is made."""


def fingerprint() -> str:
    answers = [TypeAdapter(each).json_schema() for each in (OrderInFullAnswer, ListedOrderAnswer)]
    of_answers = sha256(msgspec.json.encode(answers, order="sorted")).hexdigest()[:16]
    return f"{shape_of(OrderDocument)} {of_answers}"


def test_a_changed_document_has_a_new_version_of_its_read_model() -> None:
    assert SHAPES[READ_MODEL.version] == fingerprint()


def test_another_shape_has_another_fingerprint() -> None:
    changed = msgspec.defstruct("OrderDocument", [("order", str), ("locations", list[str])])
    same = msgspec.defstruct("OrderDocument", [("order", str), ("locations", list[str])])
    renamed = msgspec.defstruct("OrderDocument", [("order", str), ("places", list[str])])
    assert shape_of(changed) == shape_of(same) != shape_of(renamed)
