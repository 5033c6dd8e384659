"""Every door hands its commands to the bus: where the card check of the bus refuses all commands,
nothing comes in by any door."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from oms_ledger.app import Oms
from oms_ledger.cli import main
from oms_ledger.demo.loader import LoadResult, load_days
from oms_ledger.domain.errors import Invalid
from oms_ledger.importers.run import ImportOptions, import_file
from oms_ledger.kernel import Command
from oms_ledger.privacy import card_check
from tests.databases import Database
from tests.engine.work.consequences import FOLLOWING, install, place_stock, run_to_end
from tests.engine.work.test_deadlines import run, schedule
from tests.http.conftest import Api
from tests.http.examples import STOCKED, order
from tests.importers.files import A_WEEK, written

CODE = "refused_by_the_bus"


def refuse_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal(command: Command) -> Invalid:
        return Invalid("The bus refuses all commands.", code=CODE)

    monkeypatch.setattr(card_check, "may_hold_card_data", lambda command: True)
    monkeypatch.setattr(card_check, "card_data_in", refusal)


@pytest.fixture
def refusing(oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch) -> Oms:
    """A ledger with a shop, whose bus refuses all commands from now on."""
    refuse_all(monkeypatch)
    return oms


def test_requests(refusing: Oms, shop: Api) -> None:
    head = refusing.readers.head()
    assert shop.post("/v1/orders", order()).json()["code"] == CODE
    many: dict[str, Any] = {
        "/v1/orders:batch": {"orders": [order(), order()]},
        "/v1/commands:batch": {"commands": [{"name": "PlaceOrder", **order()}]},
        "/v1/stock/receipts": STOCKED[-1][2],
    }
    for path, body in many.items():
        results = shop.post(path, body).json()["results"]
        assert {each["problem"]["code"] for each in results} == {CODE}
    assert refusing.readers.head() == head


def test_the_command_line(
    refusing: Oms,
    postgres: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OMS_DATABASE_URL", postgres.url)
    monkeypatch.setenv("OMS_DATA_DIR", str(tmp_path))
    body = '{"sku": "A", "location": "LON", "quantity": 5}'
    assert main.run(["do", "ReceiveStock", body]) != 0
    assert CODE in capsys.readouterr().err


def test_the_import(refusing: Oms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path / "week.csv", A_WEEK)
    quiet = Console(file=io.StringIO())
    report = import_file(refusing, file, ImportOptions(True, True), quiet)
    assert report.events == 0
    assert any(CODE in reason for reason in report.refused)
    assert any(CODE in str(row) for row in report.skipped_rows)


def test_the_demo(refusing: Oms) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    result = LoadResult(midnight)
    next(load_days(refusing, result))
    assert result.events == 0
    assert result.refused.total() == result.commands > 0
    assert all(reason.endswith(CODE) for reason in result.refused)


def test_policies(oms: Oms, shop: Api, postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    install(postgres)
    oms.work.policies = (FOLLOWING,)
    place_stock(oms, 1)
    refuse_all(monkeypatch)
    with oms.work.policy_runner() as runner:
        run_to_end(runner)
    assert codes(oms) == [CODE, CODE]


def test_deadlines(oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    due = datetime.now(UTC) + timedelta(hours=1)
    schedule(oms, 1, due)
    refuse_all(monkeypatch)
    assert run(oms, due) == 1
    assert codes(oms) == [CODE]


def test_retention(refusing: Oms) -> None:
    """Its port is the bus's own method."""
    results: Sequence[object] = refusing.retention.execute_many([], actor="tester")
    assert results == []
    assert refusing.retention.execute_many == refusing.bus.execute_many


def codes(oms: Oms) -> list[str]:
    return [each.code for each in oms.work.refusals()]
