"""The whole of Online Retail in a real ledger: what the documentation says of it, seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from rich.console import Console

from oms_ledger.app import open_oms
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.state import Order
from oms_ledger.importers.run import ImportOptions, ImportReport, import_file
from tests.databases import Database
from tests.importers.audit import audited, check_read_models
from tests.importers.real_file import real_file

T = TypeVar("T")


@pytest.mark.year
def test_a_real_year(postgres: Database, tmp_path: Path) -> None:
    file = real_file()
    console = Console(width=120)  # shown with -s, and where the test fails
    options = ImportOptions(opening_stock=True, fulfil=True, report=tmp_path / "report.json")
    with open_oms(postgres.settings) as oms:
        report = import_file(oms, file, options, console)
        report.show(console)
        _check_account(report)
        _timed(console, "read models caught up", oms.catch_up)
        audit = _timed(console, "log folded", lambda: audited(oms))
        assert audit.below_zero == []
        assert audit.position == report.events == report.position
        _timed(console, "read models compared", lambda: check_read_models(oms, audit))
        assert len(audit.of(Order)) == report.facts["orders"] == 19_963
        assert {s.status for s in audit.of(Shipment).values()} == {"delivered"}
        again = import_file(oms, file, options, console)
        again.show(console)
        assert again.events == 0
        assert again.already == report.applied.total()
        assert (again.applied, again.skipped_rows) == (report.applied, report.skipped_rows)
        assert oms.readers.head() == report.position


def _check_account(report: ImportReport) -> None:
    assert report.rows == 541_909 == report.applied.total() + len(report.skipped_rows)
    assert len(report.survey.last) == 25_900
    assert report.applied == {
        "sale": 530_103,
        "gift": 407,
        "return_matched": 7_432,
        "return_partly_matched": 51,
        "return_unmatched": 1_221,
        "stock_found": 762,
        "write_off": 1_336,
    }
    assert report.skipped == {
        "credit_without_goods": 584,
        "adjustment_without_goods": 10,
        "bad_debt_adjustment": 3,
    }
    revenue = report.revenue
    assert revenue.agrees
    assert (revenue.goods_in_ledger, revenue.services_in_ledger) == (1_027_143_306, 38_418_942)
    assert not report.refused


def _timed(console: Console, what: str, work: Callable[[], T]) -> T:
    started = time.monotonic()
    result = work()
    console.print(f"{what}: {time.monotonic() - started:.1f} s")
    return result
