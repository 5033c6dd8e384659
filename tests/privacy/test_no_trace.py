"""An erased person, by hand or by a retention period, is found nowhere; the same search finds them
everywhere if nothing is sealed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from oms_ledger.app import Oms, open_prepared, prepare
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.engine.write import decider
from oms_ledger.http.app import create_app
from oms_ledger.kernel import Command
from oms_ledger.privacy import sealer
from oms_ledger.privacy.crypto import DataKey
from oms_ledger.privacy.retention import RetentionScheduler
from oms_ledger.settings import Settings
from tests.audit.seal import seal
from tests.databases import Database, embedded_server, ledger_database
from tests.http.conftest import Api, projecting
from tests.http.examples import STOCKED
from tests.privacy.everywhere import PROGRAM_LOG, logging_into, places_with
from tests.privacy.people import ADA, BOB, GUEST, Planted
from tests.privacy.test_erasure import order_of
from tests.privacy.test_retention import done_with, period
from tests.tiers import others_long

ANONYMOUS = Planted("Zqnobodyinparticular")
THEY = (ADA, GUEST, ANONYMOUS)
LATER = datetime(2100, 1, 1, 12, tzinfo=UTC)


@contextmanager
def database_to_search() -> Generator[Database]:
    """On a server of its own, with the configuration that is shipped: its write-ahead log and what
    it logs are searched, and other tests of the run write there what must not be found."""
    with embedded_server() as server, ledger_database(server) as database:
        prepare(database.url, database.settings)
        yield database


@pytest.fixture
def postgres() -> Iterator[Database]:
    with database_to_search() as database:
        yield database


@pytest.fixture
def oms(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Oms]:
    """A ledger with its keys in a folder of its own, which saves states often."""
    monkeypatch.setattr(decider, "SNAPSHOT_EVERY", 2)
    own = replace(settings, data_dir=tmp_path)
    with logging_into(tmp_path, monkeypatch), open_prepared(own) as opened:
        yield opened


@pytest.fixture
def shop(oms: Oms) -> Iterator[Api]:
    with Api(create_app(oms)) as api:
        for method, path, body in STOCKED:
            assert api.send(method, path, json=body).status_code == 200
        with projecting(oms):
            yield api


def busy(oms: Oms, api: Api) -> dict[Planted, dict[str, Any]]:
    """Orders of people with an id, an address and neither; sent twice, refused, shown, and a read
    model that is being built anew."""
    made = {person: done_with(api, person) for person in (ADA, GUEST, BOB)}
    made[ANONYMOUS] = done_with(api, ANONYMOUS, customer=None)
    for person in (ADA, GUEST):
        once = {"headers": {"Idempotency-Key": person.mark[::-1]}}
        for _ in range(2):
            sent = api.post("/v1/orders?dry_run=false", person.order(confirm=True), **once)
            assert sent.status_code == 201
        cancel = f"/v1/orders/{sent.json()['order_id']}/cancel"
        assert api.post(cancel, {"reason": "customer"}).status_code == 200
        short = person.order(lines=[{"sku": "A", "quantity": 10**6, "unit_price": "1.00"}])
        assert api.post("/v1/orders", short).status_code == 409
        assert api.post("/v1/orders", person.order(currency="XXX")).status_code == 422
        assert api.get("/v1/orders", params={"q": person.email}).status_code == 200
        assert order_of(api, made[person])["customer"]["email"] == person.email
    oms.rebuilds.complete(oms.rebuilds.request(["order_status", "stock_levels"]))
    return made


def by_hand(oms: Oms, api: Api, made: dict[Planted, dict[str, Any]]) -> None:
    for path in (
        "/v1/customers/c-ada/forget",
        f"/v1/customers/{GUEST.email}/forget",
        f"/v1/orders/{made[ANONYMOUS]['order_id']}/forget",
    ):
        answer = api.post(path, {"reason": "erasure request"})
        assert answer.status_code == 200, answer.text


def by_period(oms: Oms, api: Api, made: dict[Planted, dict[str, Any]]) -> None:
    """All but Bob, who is held."""
    assert api.post("/v1/customers/c-bob/hold", {"reason": "audit"}).status_code == 200
    period(api, "customers", "6y")
    position = period(api, "guests", "2y")["position"]
    assert api.get("/v1/retention", params={"min_position": position}).status_code == 200
    done = RetentionScheduler(oms.retention, 3, lambda: LATER).run_if_due()
    assert done is not None
    assert (done.forgotten, dict(done.skipped)) == (3, {"legal hold": 1})


@pytest.mark.parametrize("forgetting", others_long([by_hand, by_period]))
def test_no_trace_of_a_forgotten_person_is_left(
    oms: Oms, shop: Api, postgres: Database, tmp_path: Path, forgetting: Any
) -> None:
    made = busy(oms, shop)
    marks = [person.mark for person in THEY]
    traces = places_with(oms, shop, postgres, tmp_path, *marks)
    assert {"answer /v1/events", "answer /v1/orders", "answer /v1/shipments"} == traces
    before = order_of(shop, made[ADA])
    forgetting(oms, shop, made)
    position = oms.readers.head()
    for person in THEY:
        order = order_of(shop, {**made[person], "position": position})
        assert order["shipping_address"]["line1"] == "[forgotten]"
    assert places_with(oms, shop, postgres, tmp_path, *marks) == set()
    after = order_of(shop, made[ADA])
    for name in ("lines", "total", "status", "shipments"):
        assert after[name] == before[name]
    assert order_of(shop, made[BOB])["customer"]["email"] == BOB.email
    seal(oms)
    report = oms.audit.verify(VerificationOptions())
    assert [f for check in report.checks for f in check.findings] == []


def test_without_sealing_traces_are_everywhere(
    oms: Oms,
    shop: Api,
    postgres: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Proves that the search above finds what is there. The logs of the program and the server are
    the exception: nothing personal is logged, sealed or not."""

    def as_it_is(command: Command, key: DataKey) -> Command:
        return command

    monkeypatch.setattr(sealer, "sealed_with", as_it_is)
    busy(oms, shop)
    traces = places_with(oms, shop, postgres, tmp_path, ADA.mark)
    tables = {name.removeprefix("table ") for name in traces if name.startswith("table ")}
    assert tables >= {"ledger_events", "snapshots"}
    assert len({name for name in tables if name.startswith("order_dossiers_v")}) == 2
    assert {"dump", "export", "answer /v1/events", "answer /v1/orders"} <= traces
    assert any(name.startswith("file ") for name in traces)
    assert any(name.startswith("server's file 0") for name in traces), "the write-ahead log"
    log = (tmp_path / PROGRAM_LOG).read_text("utf-8")
    assert '"event":' in log
    assert ADA.mark not in log
