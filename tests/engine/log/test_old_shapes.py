"""A ledger that was begun when an event had another shape, with all that is done with a ledger.

The bytes below are what version 1 of `product.defined` was stored as. Nobody can write them any
more, and they must be read for ever.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from oms_commands.catalogue.put_product import PutProduct
from oms_ledger.app import Oms, open_prepared, prepare
from oms_ledger.audit.export.json_lines import export_range
from oms_ledger.audit.standalone.exports import verify_export
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.cli.lookup import run_query
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.money import Money
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.log.store import Batch, EventRow, LoadRequest, SnapshotRow
from oms_ledger.history.narrator import Narrator
from oms_ledger.history.sources import events_of_sku
from oms_ledger.kernel import Json
from tests.audit.seal import seal
from tests.databases import Database

OLD = "product.defined.v1"
META = b'{"at":"2026-01-02T09:30:00Z","actor":"key-1","command":"PutProduct","id":"command-%d"}'
MUG = (
    b'{"sku":"MUG","title":"Mug","stocked":true,"weight_g":300,"dimensions_mm":null,"unit_cost":125'
    b',"currency":"GBP","backorder_limit":null,"safety_stock":2,"components":[]}'
)
POST = (
    b'{"sku":"POST","title":"Postage","stocked":false,"weight_g":null,"dimensions_mm":null'
    b',"unit_cost":null,"currency":null,"backorder_limit":null,"safety_stock":0,"components":[]}'
)
STATES = [
    b'{"meta":%b,"data":%b}' % (META % number, data) for number, data in enumerate((MUG, POST), 1)
]
STREAMS = ["product-MUG", "product-POST"]

SNAPSHOT = SnapshotRow(
    STREAMS[0], 1, 1, "a-former-shape", b'{"version":1,"defined":%b}' % MUG, bytes(32)
)


@pytest.fixture
def oms(postgres: Database, tmp_path: Path) -> Iterator[Oms]:
    """Two events of the old shape, and a snapshot that was made of one."""
    settings = replace(postgres.settings, data_dir=tmp_path)
    prepare(postgres.url, settings)
    rows = [
        EventRow(stream, 1, OLD, state, position)
        for position, (stream, state) in enumerate(zip(STREAMS, STATES, strict=True), 1)
    ]
    store = PostgresStore(postgres.connect_writer)
    head, _ = store.begin(LoadRequest())
    store.commit(head, Batch(rows, [], [SNAPSHOT], datetime(2026, 1, 2, 9, 30, tzinfo=UTC)))
    store.close()
    with open_prepared(settings) as opened:
        yield opened


def product(oms: Oms, sku: str, as_of: int | None = None) -> Mapping[str, Json]:
    oms.catch_up()
    return run_query(oms, "get_product", as_of, sku=sku)


def cost(shown: Mapping[str, Json]) -> tuple[Json, Json]:
    return shown["unit_cost"], shown["currency"]


def test_it_is_read_in_the_shape_of_today(oms: Oms) -> None:
    mug, post = oms.readers.feed(types=[ProductDefined.type]).items
    assert mug.event == ProductDefined(
        "MUG", "Mug", True, 300, unit_cost=Money(125, "GBP"), safety_stock=2
    )
    assert post.event == ProductDefined("POST", "Postage", False)


def test_it_is_folded_by_read_models_and_as_of_then(oms: Oms) -> None:
    for as_of in (None, 2):
        assert cost(product(oms, "MUG", as_of)) == ("1.25", "GBP")
        assert cost(product(oms, "POST", as_of)) == (None, None)


def test_commands_are_decided_on_it(oms: Oms) -> None:
    """What is as it was writes nothing; what is not follows the old event in its stream."""
    price = Decimal("1.25")
    same = PutProduct(sku="MUG", title="Mug", weight_g=300, unit_cost=price, safety_stock=2)
    assert oms.execute(same, actor="clerk").position == 2
    assert oms.execute(replace(same, title="Big mug"), actor="clerk").position == 3
    with oms.readers.as_of() as log:
        assert [r.version for r in log.history("product-MUG")] == [1, 2]
        defined = log.fold(Product, "MUG").defined
    assert defined is not None
    assert (defined.title, defined.unit_cost) == ("Big mug", Money(125, "GBP"))


def test_it_is_narrated(oms: Oms) -> None:
    log = oms.readers.log()
    (entry,) = Narrator(log).entries(events_of_sku(log, "MUG"))
    assert entry.json()["type"] == ProductDefined.type
    assert ("unit_cost.minor", None, 125) in entry.effects


def test_it_is_sealed_verified_and_exported_as_it_was_stored(oms: Oms, tmp_path: Path) -> None:
    seal(oms)
    report = oms.audit.verify(VerificationOptions())
    assert (report.findings, report.head, report.sealed) == ([], 2, 2)
    keys = [each.key for each in oms.audit.tree().signing_keys()]
    lines = list(export_range(oms.audit.tree(), 1, 2))
    assert verify_export(lines, keys).events == 2
    exported = [json.loads(line) for line in lines if '"position"' in line]
    assert [each["type"] for each in exported] == [OLD, OLD]
    assert [base64.b64decode(each["state"]) for each in exported] == STATES


def test_a_read_model_is_built_anew_from_it(oms: Oms) -> None:
    before = product(oms, "MUG")
    (build,) = oms.rebuilds.request(["stock_levels"])
    oms.rebuilds.complete([build])
    with oms.rebuilds.comparison("stock_levels") as comparison:
        assert list(comparison.differences()) == []
    oms.rebuilds.swap("stock_levels")
    assert product(oms, "MUG") == before
    assert oms.readers.parked("stock_levels") == []
