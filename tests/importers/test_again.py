"""Importing again: after an interruption, with other options, with a longer or another file."""

from __future__ import annotations

import io
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path

import pytest
from rich.console import Console

from oms_ledger.app import Oms, open_oms
from oms_ledger.domain.errors import Unavailable
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.write.writer import Outcome, Submission
from oms_ledger.importers import sender
from oms_ledger.importers.run import ImportOptions, ImportReport, import_file
from oms_ledger.kernel import field_names
from tests.databases import Database, ledger_database
from tests.importers.audit import audited, history
from tests.importers.files import A_WEEK, line, months, written

QUIET = Console(file=io.StringIO(), width=120)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(
    oms: Oms, file: Path, *, opening_stock: bool = True, fulfil: bool = True
) -> ImportReport:
    return import_file(oms, file, ImportOptions(opening_stock, fulfil), QUIET)


def happened(oms: Oms) -> list[tuple[str, int, str, dict[str, object]]]:
    """All events, without what differs from one ledger to the next."""
    return [
        (
            r.stream,
            r.version,
            type(r.event).type,
            {
                name: getattr(r.event, name)
                for name in field_names(type(r.event))
                if name != "tracking_token"
            },
        )
        for r in history(oms)
    ]


def shelf(oms: Oms) -> dict[str, tuple[int, int, int]]:
    levels = audited(oms).of(StockLevel)
    return {key: (s.on_hand, s.allocated, s.backordered) for key, s in levels.items()}


def test_a_second_run_applies_nothing(postgres: Database, here: Path) -> None:
    file = written(here / "week.csv", A_WEEK)
    with open_oms(postgres.settings) as oms:
        first = imported(oms, file)
        before = happened(oms)
        again = imported(oms, file)
        assert happened(oms) == before
    assert again.events == 0 < first.events
    assert (again.applied, again.skipped_rows) == (first.applied, first.skipped_rows)
    assert again.already == again.applied.total() == 9
    assert again.revenue == first.revenue


def test_an_interrupted_run_continues(
    server: str, ready_template: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one ledger the writer goes away in the middle; afterwards it holds what another one
    holds that was never disturbed."""
    monkeypatch.setattr(sender, "BATCH", 20)
    file = written(here / "months.csv", months(seed=5, invoices=120))
    with (
        ledger_database(server, ready_template) as disturbed,
        ledger_database(server, ready_template) as quiet,
    ):
        with open_oms(disturbed.settings) as oms:
            _goes_away_after(oms, batches=8)
            with pytest.raises(Unavailable, match="Run it again"):
                imported(oms, file)
        with open_oms(disturbed.settings) as oms:
            half = len(happened(oms))
            resumed = imported(oms, file)
            assert resumed.balances
            assert 0 < resumed.already < resumed.rows
            events = happened(oms)
        with open_oms(quiet.settings) as oms:
            whole = imported(oms, file)
            expected = happened(oms)
    assert 0 < half < len(expected)
    assert events == expected
    assert resumed.applied == whole.applied
    assert resumed.events == whole.events - half


def _goes_away_after(oms: Oms, batches: int) -> None:
    submit = oms.bus.writer.submit_many
    sent = 0

    def submit_or_fail(submissions: Iterable[Submission]) -> list[Future[Outcome]]:
        nonlocal sent
        sent += 1
        if sent <= batches:
            return submit(submissions)
        failed = []
        for _ in submissions:
            future: Future[Outcome] = Future()
            future.set_exception(Unavailable("The database does not answer."))
            failed.append(future)
        return failed

    oms.bus.writer.submit_many = submit_or_fail  # type: ignore[method-assign]  # as a lost server would


def test_a_later_run_may_fulfil(postgres: Database, here: Path) -> None:
    """What an earlier run has placed is shipped; what it has taken back is not taken back twice."""
    file = written(here / "months.csv", months(seed=6, invoices=60))
    with open_oms(postgres.settings) as oms:
        placed = imported(oms, file, fulfil=False)
        before = shelf(oms)
        shipped = imported(oms, file, fulfil=True)
        after = shelf(oms)
    assert placed.facts["shipments"] == 0 < shipped.facts["shipments"]
    assert shipped.applied == placed.applied
    assert {key: on_hand - allocated for key, (on_hand, allocated, _) in after.items()} == {
        key: on_hand - allocated for key, (on_hand, allocated, _) in before.items()
    }
    assert all(allocated == 0 for _, allocated, _ in after.values())


def test_a_longer_file_goes_on_where_the_shorter_one_ended(postgres: Database, here: Path) -> None:
    lines = months(seed=7, invoices=60)
    cut = next(n for n in range(40, 99) if lines[n][0] != lines[n - 1][0])
    short = written(here / "short.csv", lines[:cut])
    long = written(here / "long.csv", lines)
    with open_oms(postgres.settings) as oms:
        imported(oms, short)
        report = imported(oms, long)
    assert report.balances
    assert report.already == cut - sum(row.row <= cut for row in report.skipped_rows)
    assert not [row for row in report.skipped_rows if row.because.startswith("refused")]


def test_another_invoice_under_an_imported_number_is_skipped(
    postgres: Database, here: Path
) -> None:
    first = written(here / "first.csv", [line("1", "A", 2), line("C2", "A", -1)])
    other = written(here / "other.csv", [line("1", "A", 3), line("C2", "A", -2)])
    with open_oms(postgres.settings) as oms:
        imported(oms, first)
        before = shelf(oms)["A@MAIN"]
        report = imported(oms, other)
        assert report.skipped == {
            "refused_external_id_reused": 1,
            "refused_idempotency_key_reused": 1,
        }
        assert report.balances
        on_hand, allocated, backordered = shelf(oms)["A@MAIN"]
    opening = 3  # of the other file: its first sale
    assert (on_hand - opening, allocated, backordered) == before
