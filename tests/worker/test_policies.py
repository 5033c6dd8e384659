"""A worker runs the policies of the program, and other processes see how that goes."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import orjson
import pytest

from oms_commands.orders.confirm import ConfirmOrder
from oms_ledger.app import Oms, open_oms
from oms_ledger.cli.main import run
from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.db import bootstrap
from oms_ledger.http.app import create_app
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies import POLICIES
from oms_ledger.worker.worker import work
from oms_projections import PROJECTIONS
from tests.databases import Database
from tests.engine.work.consequences import FOLLOWING, expected, followed, ledger, place_stock
from tests.http.conftest import Api
from tests.http.test_operations import metrics
from tests.serving.family import until


def confirm(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, StockReceived)
    return [ConfirmOrder("o1")] if event.sku.startswith("S") else []


REFUSED = Policy("when_stock_received_confirm_order", frozenset({StockReceived.type}), confirm)

OF_PROGRAM = sorted(policy.name for policy in POLICIES)
EFFECTS = ["effect:parcels", "effect:payments"]
"""A prepared ledger has their cursors."""

SOURCE = f"policy:{REFUSED.name}"


@pytest.fixture
def oms(ready: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Oms]:
    monkeypatch.setattr("oms_ledger.app.POLICIES", (FOLLOWING, REFUSED))
    monkeypatch.setenv("OMS_DATABASE_URL", ready.url)
    with ledger(ready, FOLLOWING, REFUSED) as oms:
        yield oms


@contextmanager
def worker(oms: Oms) -> Generator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(oms.settings, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(["work", *arguments]) == 0
    printed = capsys.readouterr()
    return " ".join((printed.out + printed.err).split())


def test_a_worker_runs_them_and_everybody_sees_how_that_goes(
    oms: Oms, capsys: pytest.CaptureFixture[str]
) -> None:
    with worker(oms), Api(create_app(oms, no_auth=True), key=None) as api:
        positions = place_stock(oms, 2)
        until(lambda: followed(oms) == expected(positions), "both have followed")
        until(lambda: len(oms.work.refusals()) == 2, "both were refused")
        until(lambda: "policies" in {s.name for s in oms.readers.work_states()}, "it has reported")
        until(lambda: metrics(api)["oms_policy_lag_events", REFUSED.name] == 0, "all is read")
        samples = metrics(api)
    assert samples["oms_policy_position", FOLLOWING.name] == oms.readers.head()
    assert samples["oms_consequences_refused", SOURCE] == 2
    assert samples["oms_consequences_refused", f"policy:{FOLLOWING.name}"] == 0
    assert samples["oms_work_failures", "policies"] == 0
    listed = orjson.loads(shown(capsys, "policies", "--json"))
    assert {each["name"]: each["refused"] for each in listed} == {
        FOLLOWING.name: 0,
        REFUSED.name: 2,
        **dict.fromkeys((*OF_PROGRAM, *EFFECTS), 0),
    }
    assert "2 commands of policies and deadlines were refused" in shown(capsys, "list")
    first, second = orjson.loads(shown(capsys, "refused", "--json"))
    assert (first["source"], first["command"], first["code"]) == (
        SOURCE,
        "ConfirmOrder",
        "not_found",
    )
    assert first["reference"] == f"{positions[0]}/1"
    assert "not_found" in shown(capsys, "refused")
    assert run(["work", "retry", SOURCE, first["reference"]]) == 4, "there is still no such order"
    for each in (first, second):
        shown(capsys, "dismiss", SOURCE, each["reference"])
    assert "Nothing that follows" in shown(capsys, "refused")


def test_a_ledger_is_prepared_for_its_policies_before_it_is_opened(
    ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no event between the start of the API and that of the worker is missed."""
    with open_oms(ready.settings) as oms:
        assert [each.name for each in oms.readers.policy_cursors()] == [*EFFECTS, *OF_PROGRAM]
    monkeypatch.setattr("oms_ledger.app.POLICIES", (FOLLOWING,))
    with open_oms(ready.settings) as oms:
        installed = {each.name for each in oms.readers.policy_cursors()}
        assert installed == {*EFFECTS, *OF_PROGRAM, FOLLOWING.name}
    with ready.connect_owner() as owner:
        missing = bootstrap._missing(owner, PROJECTIONS, [FOLLOWING.name, "other"])
    assert missing == ["cursor of other"]
