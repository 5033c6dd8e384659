"""PostgreSQL and API processes are killed under load, by turns: nothing that was acknowledged is
lost, nothing happens twice, and all come back by themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the library has no types
import pytest

from oms_ledger.engine.db.embedded import database
from oms_ledger.settings import Settings
from tests.serving.checks import check_everything, follow
from tests.serving.family import ADMIN_KEY, Family, client, postmaster, servers, serving, until
from tests.serving.load import Load
from tests.serving.shop import location, order, place, receive

pytestmark = pytest.mark.postgres

ROUNDS = [2, pytest.param(10, marks=pytest.mark.long)]
CUSTOMERS = 6
ORDERS_BETWEEN = 20


@pytest.mark.parametrize("rounds", ROUNDS)
def test_kill_9_under_load_loses_and_doubles_nothing(
    data_dir: Path, tmp_path: Path, rounds: int
) -> None:
    environment = {"OMS_DATA_DIR": str(data_dir), "OMS_ADMIN_KEY": ADMIN_KEY}
    with serving(environment, tmp_path, "--api-processes", "2") as (family, url):
        load = Load(url, ADMIN_KEY)
        load.open_shop()
        with load.running(CUSTOMERS):
            for number in range(rounds):
                load.until_more(ORDERS_BETWEEN)
                kill_postgresql(data_dir) if number % 2 else kill_an_api(family, number // 2)
            load.until_more(ORDERS_BETWEEN)
        assert load.unknown, "nobody noticed anything"
        until(lambda: len(family.apis()) == 2, "both API processes are back")

        with (
            client(url) as http,
            database(Settings(data_dir=data_dir)) as server,
        ):
            log = check_everything(http, server)
            load.check_acknowledged(log)
            load.check_unknown(http, log)
            after = check_everything(http, server)
            load.check_acknowledged(after)


@pytest.mark.long
def test_without_the_database_every_request_is_answered_503_with_retry_after(
    data_dir: Path, tmp_path: Path
) -> None:
    environment = {"OMS_DATA_DIR": str(data_dir), "OMS_ADMIN_KEY": ADMIN_KEY}
    with serving(environment, tmp_path) as (family, url), client(url) as http:
        location(http, "LON")
        receive(http, ("A", "LON", 10))
        made = place(http, ("A", 1))
        path = f"/v1/orders/{made['order_id']}"
        follow(http, made["position"])

        family.parent.suspend()  # nobody starts the database again
        running = postmaster(data_dir)
        assert running is not None
        running.kill()
        until(lambda: servers(data_dir) == [], "all of PostgreSQL is gone")
        try:
            with ThreadPoolExecutor() as everybody:
                reading = everybody.map(http.get, ("/readyz", path, "/v1/events"))
                answers = [http.post("/v1/orders", json=order(("A", 1))), *reading]
            assert http.get("/healthz").status_code == 200
        finally:
            family.parent.resume()
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "unavailable"
            assert int(answer.headers["retry-after"]) >= 1

        until(lambda: http.get("/readyz").status_code == 200, "it is ready again")
        again = place(http, ("A", 1))
        follow(http, again["position"])
        assert http.get(path).json()["order_number"] == made["order_number"]


def kill_postgresql(data_dir: Path) -> None:
    running = postmaster(data_dir)
    assert running is not None
    running.kill()

    def replaced() -> bool:
        now = postmaster(data_dir)
        return now is not None and now.pid != running.pid

    until(replaced, "PostgreSQL is started again")


def kill_an_api(family: Family, number: int) -> None:
    """One after the other, and no matter whether the last one killed is back."""
    apis = family.apis()
    victim: psutil.Process = apis[number % len(apis)]
    victim.kill()
    victim.wait(10)
