"""The examples in the documentation of `oms_ledger.testing` are true."""

from __future__ import annotations

import doctest

import oms_ledger.testing


def test_the_examples_run() -> None:
    result = doctest.testmod(oms_ledger.testing)
    assert result.attempted > 10
    assert result.failed == 0
