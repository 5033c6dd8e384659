"""The whole of Online Retail, classified: the numbers that are known of it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from oms_ledger.importers.online_retail import Malformed, Skip, Use, classify, invoices, read
from oms_ledger.importers.survey import survey
from tests.importers.real_file import real_file


def test_every_row_of_the_real_file_means_exactly_one_thing() -> None:
    file = real_file()
    found = survey(read(file))
    meanings: Counter[str] = Counter()
    orders = 0
    for invoice in invoices(read(file), found.last):
        assert not isinstance(invoice, Malformed)
        means = [classify(row, invoice.has_price) for row in invoice.rows]
        meanings.update(means)
        orders += Use.SALE in means
    assert found.rows == meanings.total() == 541_909
    assert len(found.last) == 25_900
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
    found = survey(read(real_file()))
    assert found.goods.exact == Decimal("10271433.063")
    assert found.goods.minor == 1_027_143_306
    assert found.services.exact == Decimal("384189.421")
    assert found.services.minor == 38_418_942
    assert found.rounded == 4
    assert found.case_twins == 112
    assert set(found.unmapped_countries) == {
        "Channel Islands",
        "European Community",
        "Unspecified",
    }
