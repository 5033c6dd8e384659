"""An import into a real ledger: what becomes of each kind of row, and the account of it."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from oms_commands.catalogue.put_product import PutProduct
from oms_ledger.app import Oms, open_oms
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.fulfilment.events import ShipmentDelivered, ShipmentDispatched
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import StockAdjusted, StockReturned
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.importers.plan import order_id_of
from oms_ledger.importers.run import ImportOptions, ImportReport, import_file, run
from tests.databases import Database
from tests.importers.audit import audited, history
from tests.importers.files import A_WEEK, line, written

QUIET = Console(file=io.StringIO(), width=120)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Reports go where the test is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(
    oms: Oms, file: Path, *, opening_stock: bool = True, fulfil: bool = True
) -> ImportReport:
    return import_file(oms, file, ImportOptions(opening_stock, fulfil), QUIET)


def fold(oms: Oms, invoice: str) -> Order:
    with oms.readers.open(None) as (reader, _):
        return reader.fold(Order, order_id_of(invoice))


def test_one_row_of_everything(postgres: Database, here: Path) -> None:
    file = written(here / "week.csv", A_WEEK)
    with open_oms(postgres.settings) as oms:
        report = imported(oms, file)
        assert report.applied == {
            "sale": 3,
            "gift": 1,
            "return_matched": 1,
            "return_partly_matched": 1,
            "return_unmatched": 1,
            "write_off": 1,
            "stock_found": 1,
        }
        assert [(row.row, row.because) for row in sorted(report.skipped_rows)] == [
            (8, "credit_without_goods"),
            (11, "bad_debt_adjustment"),
            (12, "negative_quantity_with_price"),
            (13, "malformed"),
        ]
        assert report.balances
        assert report.rows == 13
        _check_first_order(fold(oms, "1"))
        assert fold(oms, "2").statuses.order == "completed"
        audit = audited(oms)
        stock = audit.of(StockLevel)
        assert audit.below_zero == []
        assert (stock["MUG@MAIN"].on_hand, stock["CUP@MAIN"].on_hand) == (9, 7)
        assert audit.of(Product)["POST"].defined == ProductDefined("POST", "Postage", False)


def _check_first_order(order: Order) -> None:
    assert order.placed is not None
    terms = order.placed.terms
    assert (terms.channel, terms.external_id, terms.currency) == ("import", "1", "GBP")
    assert terms.placed_at == order.placed.placed_at == datetime(2011, 7, 1, 7, 26, tzinfo=UTC)
    assert terms.customer is not None
    assert terms.customer.id == "17850"
    assert terms.shipping_address is not None
    assert terms.shipping_address.country == "GB"
    assert [(li.sku, li.quantity, li.unit_price, li.stocked) for li in terms.lines] == [
        ("MUG", 6, 255, True),
        ("POST", 1, 1800, False),
        ("CUP", 2, 0, True),
    ]
    assert (order.lines["1"].delivered, order.lines["1"].returned) == (6, 6)
    assert order.statuses.order == "completed"


def test_returns_and_corrections_have_a_reason_and_a_time(postgres: Database, here: Path) -> None:
    file = written(here / "week.csv", A_WEEK)
    with open_oms(postgres.settings) as oms:
        imported(oms, file)
        past = list(history(oms))
    adjusted = [r for r in past if isinstance(r.event, StockAdjusted)]
    assert [(r.event, r.meta.occurred_at) for r in adjusted] == [
        (
            StockAdjusted("MUG", "MAIN", -3, "damages", "5"),
            datetime(2011, 7, 4, 8, 0, tzinfo=UTC),
        ),
        (StockAdjusted("CUP", "MAIN", 7, "found", "6"), datetime(2011, 7, 4, 9, 0, tzinfo=UTC)),
    ]
    returned = [r.event for r in past if isinstance(r.event, StockReturned)]
    first = order_id_of("1")
    assert returned == [
        StockReturned("MUG", "MAIN", 2, "C3", "17850", first),
        StockReturned("MUG", "MAIN", 4, "C3", "17850", first),
        StockReturned("MUG", "MAIN", 5, "C3", "17850", None),
        StockReturned("MUG", "MAIN", 1, "C4", "9", None),
    ]
    made_up = [
        r.event.simulated
        for r in past
        if isinstance(r.event, ShipmentDispatched | ShipmentDelivered)
    ]
    assert made_up == [True] * 4
    dates = [r.meta.occurred_at for r in past if isinstance(r.event, ShipmentDispatched)]
    assert all(at is not None and at.year == 2011 for at in dates)


def test_the_report_is_a_file_and_a_table(postgres: Database, here: Path) -> None:
    file = written(here / "week.csv.gz", A_WEEK)  # the name alone does not make it gzip
    with open_oms(postgres.settings) as oms:
        report = imported(oms, file)
    assert report.path == Path("reports/import-week.json")
    kept = json.loads(report.path.read_text())
    assert kept["rows"]["read"] == kept["rows"]["applied"] + kept["rows"]["skipped"] == 13
    torn = kept["skipped_rows"][-1]
    assert (torn["row"], torn["because"], torn["detail"]) == (
        13,
        "malformed",
        "'free' is not a price",
    )
    assert kept["revenue"]["goods"] == {"file": "25.280", "ledger": "25.30"}
    assert kept["revenue"]["agrees_to_the_penny"] is False, "4 x 2.495 is 9.98, not 4 x 2.50"
    screen = Console(file=io.StringIO(), width=200)
    report.show(screen)
    shown = screen.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    for words in ("malformed", "13 rows of 8 invoices accounted for", "differs", "rounded"):
        assert words in shown


def test_revenue_in_whole_pence_is_equal_to_the_penny(postgres: Database, here: Path) -> None:
    file = written(here / "pence.csv", [line("1", "A", 3, "2.55"), line("2", "DOT", 1, "7.01")])
    with open_oms(postgres.settings) as oms:
        revenue = imported(oms, file).revenue
    assert (revenue.goods_in_ledger, revenue.services_in_ledger) == (765, 701)
    assert revenue.agrees


def test_without_opening_stock_what_is_short_is_backordered(postgres: Database, here: Path) -> None:
    file = written(here / "week.csv", A_WEEK)
    with open_oms(postgres.settings) as oms:
        report = imported(oms, file, opening_stock=False)
        assert report.balances
        assert "refused_insufficient_stock" not in report.skipped  # the returns came first
        assert report.refused == {
            "CreateShipment: nothing_to_ship": 2,
            "DispatchShipment: not_found": 2,
            "DeliverShipment: not_found": 2,
        }
        assert fold(oms, "1").statuses.fulfilment == "backordered"
        assert audited(oms).below_zero == []


def test_a_write_off_of_missing_stock_is_skipped_and_reported(
    postgres: Database, here: Path
) -> None:
    file = written(here / "gone.csv", [line("1", "A", -3, "0", "", title="thrown away")])
    with open_oms(postgres.settings) as oms:
        report = imported(oms, file, opening_stock=False)
    assert report.skipped == {"refused_insufficient_stock": 1}
    assert report.balances


def test_what_is_defined_already_stays_as_it_is(postgres: Database, here: Path) -> None:
    file = written(here / "week.csv", A_WEEK)
    mine = PutProduct(sku="MUG", title="My mug", safety_stock=3)
    with open_oms(postgres.settings) as oms:
        oms.execute(mine, actor="me")
        assert imported(oms, file).balances
        product = audited(oms).of(Product)["MUG"].defined
    assert product is not None
    assert (product.title, product.safety_stock) == ("My mug", 3)


def test_too_many_lines_for_one_order(postgres: Database, here: Path) -> None:
    lines = [line("1", "A", 1) for _ in range(2001)]
    file = written(here / "long.csv", [*lines, line("2", "A", 1)])
    with open_oms(postgres.settings) as oms:
        report = imported(oms, file)
    assert report.skipped == {"too_many_lines": 2001}
    assert report.applied == Counter(sale=1)
    assert report.balances


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (ImportOptions(location="my place"), "location"),
        (ImportOptions(report=Path("/proc/no/report.json")), "report"),
    ],
)
def test_options_that_cannot_be_right(
    postgres: Database, here: Path, options: ImportOptions, field: str
) -> None:
    file = written(here / "week.csv", A_WEEK)
    with pytest.raises(Invalid) as refused:
        run(postgres.settings, file, options, QUIET)
    assert refused.value.errors[0]["field"] == field


def test_shipments_are_of_their_orders(postgres: Database, here: Path) -> None:
    file = written(here / "week.csv", A_WEEK)
    with open_oms(postgres.settings) as oms:
        imported(oms, file)
        shipments = audited(oms).of(Shipment).values()
    assert {s.created.order_id for s in shipments if s.created} == {
        order_id_of("1"),
        order_id_of("2"),
    }
    assert {s.status for s in shipments} == {"delivered"}
