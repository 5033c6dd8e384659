"""The whole of Online Retail, classified: the numbers that are known of it. And its beginning,
imported."""

from __future__ import annotations

import gzip
import io
import itertools
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from oms_ledger.app import open_oms
from oms_ledger.importers.online_retail import MalformedRow, Skip, Use, classify, invoices, read
from oms_ledger.importers.run import ImportOptions, import_file
from oms_ledger.importers.sender import ACTOR
from oms_ledger.importers.survey import survey
from oms_ledger.kernel import Recorded
from oms_ledger.testing import columns_of, folded
from oms_projections import PROJECTIONS
from tests.databases import Database
from tests.engine.project.log import stored
from tests.importers.audit import audited, check_read_models, history
from tests.importers.real_file import real_file

pytestmark = pytest.mark.slow


def test_every_row_of_the_real_file_means_exactly_one_thing() -> None:
    file = real_file()
    surveyed = survey(read(file))
    meanings: Counter[str] = Counter()
    orders = 0
    for invoice in invoices(read(file), surveyed.last):
        assert not isinstance(invoice, MalformedRow)
        means = [classify(row, invoice.has_price) for row in invoice.rows]
        meanings.update(means)
        orders += Use.SALE in means
    assert surveyed.rows == meanings.total() == 541_909
    assert len(surveyed.last) == 25_900
    assert orders == 19_959
    assert meanings == {
        Use.SALE: 530_103,
        Use.GIFT: 407,
        Use.RETURN: 8_704,
        Use.STOCK_FOUND: 762,
        Use.WRITE_OFF: 1_336,
        Skip.CREDIT_WITHOUT_GOODS: 584,
        Skip.ADJUSTMENT_WITHOUT_GOODS: 10,
        Skip.BAD_DEBT: 3,
    }


def test_the_sums_of_the_real_file() -> None:
    surveyed = survey(read(real_file()))
    assert surveyed.goods.exact == Decimal("10271433.063")
    assert surveyed.goods.minor == 1_027_143_306
    assert surveyed.services.exact == Decimal("384189.421")
    assert surveyed.services.minor == 38_418_942
    assert surveyed.rounded == 4
    assert surveyed.case_twins == 112
    assert set(surveyed.unmapped_countries) == {
        "Channel Islands",
        "European Community",
        "Unspecified",
    }


def test_the_beginning_of_the_real_file_in_a_real_ledger(
    postgres: Database, tmp_path: Path
) -> None:
    """The first 20,000 rows: accounted for, never short, and every row of every read model
    equal to a fold of the log in memory."""
    file = tmp_path / "beginning.csv"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(_lines(real_file()))
    options = ImportOptions(opening_stock=True, fulfil=True, report=tmp_path / "report.json")
    with open_oms(postgres.settings) as oms:
        report = import_file(oms, file, options, Console(file=io.StringIO()))
        oms.catch_up()
        audit = audited(oms)
        check_read_models(oms, audit)
        past = list(history(oms))
    assert report.rows == 20_000
    assert report.balances
    assert report.revenue.agrees
    assert audit.below_zero == []
    assert {r.meta.actor for r in past} == {ACTOR}
    _check_all_rows(postgres, past)


def _lines(file: Path) -> list[str]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        return list(itertools.islice(text, 20_001))


def _check_all_rows(database: Database, past: list[Recorded]) -> None:
    for model in PROJECTIONS:
        memory = folded(model, past, page=5000)
        tables = stored(database, model)
        for kind in model.rows:
            columns = columns_of(kind)
            expected = {
                tuple(getattr(row, c) for c in kind.key): tuple(getattr(row, c) for c in columns)
                for row in memory.of(kind)
            }
            keys = [columns.index(c) for c in kind.key]
            live = {tuple(row[k] for k in keys): row for row in tables[kind.table]}
            assert live == expected, kind.__name__
            assert len(live) == len(tables[kind.table])
