"""Stored order documents are read in the shape they were written in."""

from __future__ import annotations

import msgspec

from oms_ledger.engine.log.codec import shape_of
from oms_projections.order_status import READ_MODEL
from oms_projections.order_status.document import OrderDocument

SHAPES = {3: "391fe008866c80fa"}
"""Fingerprint of a stored document by version of the read model. A document of another shape would
be read with defaults in the place of what it does not have: raise the version of `READ_MODEL` with
every change of `OrderDocument` or of what is in it, so that a build with the new shape is made."""


def test_a_changed_document_has_a_new_version_of_its_read_model() -> None:
    assert SHAPES[READ_MODEL.version] == shape_of(OrderDocument)


def test_another_shape_has_another_fingerprint() -> None:
    changed = msgspec.defstruct("OrderDocument", [("order", str), ("locations", list[str])])
    same = msgspec.defstruct("OrderDocument", [("order", str), ("locations", list[str])])
    renamed = msgspec.defstruct("OrderDocument", [("order", str), ("places", list[str])])
    assert shape_of(changed) == shape_of(same) != shape_of(renamed)
