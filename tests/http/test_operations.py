"""Routes for operators: health, readiness, metrics, read models."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import TypeAdapter

from oms_ledger.app import Oms
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.statements import table_name
from oms_ledger.engine.read.direct import DirectReads
from oms_ledger.http.openapi import answers
from oms_projections import PROJECTIONS, order_status, stock_levels
from oms_projections.order_status.rows import LineRow
from tests.databases import Database
from tests.http.commands.test_idempotency import head
from tests.http.conftest import Api, projecting
from tests.http.example_client import fits
from tests.http.examples import STOCKED, order
from tests.http.test_errors import problem_of


def test_alive_and_ready(shop: Api) -> None:
    assert shop.get("/healthz").json() == {"status": "ok"}
    ready = shop.get("/readyz")
    fits(answers.ReadyAnswer, ready.json())
    assert ready.json()["head"] == head(shop)


def test_not_ready_without_migrations(postgres: Database, api: Api) -> None:
    with postgres.connect_owner() as owner:
        owner.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0004_api_keys'")
    problem = problem_of(api.get("/readyz"), 503, "unavailable")
    assert "0004_api_keys" in problem["detail"]


def metrics(api: Api) -> dict[tuple[str, ...], float]:
    response = api.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_metrics(shop: Api) -> None:
    before = metrics(shop)
    shop.post("/v1/orders", order(1))
    shop.post("/v1/orders", order(1000))
    shop.post("/v1/orders:batch", {"orders": [order(1000), {}]})
    shop.get("/v1/orders/none")
    after = metrics(shop)

    def grown(*name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown("oms_refusals_total", "insufficient_stock") == 2
    assert grown("oms_refusals_total", "invalid_fields") == 1
    assert grown("oms_refusals_total", "not_found") == 1
    assert grown("oms_writer_commands_total") == 3
    assert grown("oms_writer_events_total") > 2
    assert grown("oms_http_request_seconds_count", "POST", "/v1/orders", "201") == 1
    assert grown("oms_http_request_seconds_count", "GET", "/v1/orders/{order_id}", "404") == 1
    assert after["oms_writer_queued",] == 0
    for model in PROJECTIONS:
        assert ("oms_read_model_lag_events", model.name, str(model.version)) in after


def test_metrics_show_the_lag(oms: Oms, api: Api) -> None:
    for method, path, body in STOCKED:
        api.send(method, path, json=body)
    values = metrics(api)
    for model in PROJECTIONS:
        assert values["oms_read_model_lag_events", model.name, str(model.version)] == head(api)


COUNTING = """
from oms_ledger.http import metrics
metrics.count_refusal("insufficient_stock")
metrics.observe_request("POST", "/v1/orders", 409, 0.01)
metrics.QUEUED.set(3)
{last}
"""


@pytest.mark.slow
def test_metrics_of_several_processes(tmp_path: Path) -> None:
    """Each process exposes the sums over all; the queue of a process that ended is left out."""
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(last: str) -> str:
        code = COUNTING.format(last=last)
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    run("metrics.process_ended()")
    text = run("print(metrics.exposition(metrics.LedgerState()).decode())")
    assert 'oms_refusals_total{code="insufficient_stock"} 2.0' in text
    assert "oms_writer_queued 3.0" in text
    assert 'oms_http_request_seconds_count{method="POST"' in text


def test_read_models(shop: Api) -> None:
    shop.get(f"/v1/orders?min_position={head(shop)}")
    listed = shop.get("/v1/projections").json()
    TypeAdapter(list[answers.ReadModelAnswer]).validate_python(listed, strict=True)
    assert {(each["name"], each["version"]) for each in listed} == {
        (model.name, model.version) for model in PROJECTIONS
    }
    for each in listed:
        nothing = shop.get(f"/v1/projections/{each['name']}/parked").json()
        assert nothing == {"name": each["name"], "items": []}


def test_a_rebuild_is_requested_and_listed(api: Api) -> None:
    live, new = stock_levels.READ_MODEL.version, stock_levels.READ_MODEL.version + 1
    requested = api.post("/v1/projections/stock_levels/rebuild")
    assert requested.status_code == 202
    fits(answers.RebuildAnswer, requested.json())
    assert (requested.json()["version"], requested.json()["state"]) == (new, "building")
    assert api.post("/v1/projections/stock_levels/rebuild").json() == requested.json()
    listed = api.get("/v1/projections").json()
    TypeAdapter(list[answers.ReadModelAnswer]).validate_python(listed, strict=True)
    (stock,) = (each for each in listed if each["name"] == "stock_levels")
    assert (stock["version"], stock["state"]) == (live, "live")
    assert [(other["version"], other["state"]) for other in stock["others"]] == [(new, "building")]


def test_parked_streams_are_listed_and_retried(oms: Oms, api: Api, postgres: Database) -> None:
    """A damaged row keeps an order out of its read model until it is repaired."""
    for method, path, body in STOCKED:
        api.send(method, path, json=body)
    lines = table_name(LineRow.table, order_status.READ_MODEL.version)
    with postgres.connect_owner() as owner:
        owner.execute(f"ALTER TABLE {lines} ADD CONSTRAINT broken CHECK (sku <> 'A')".encode())
    placed = api.post("/v1/orders", order()).json()
    with projecting(oms):
        answer = api.get(f"/v1/orders?min_position={placed['position']}&wait_ms=10000")
        assert answer.json()["items"] == []
        parked = api.get("/v1/projections/order_status/parked").json()
        fits(answers.ParkedStreamsAnswer, parked)
        assert [each["stream"] for each in parked["items"]] == [f"order-{placed['order_id']}"]
        again = api.post("/v1/projections/order_status/retry").json()
        fits(answers.RetriedAnswer, again)
        assert (again["parked"], again["streams"][0]["folded"]) == (1, False)
        with postgres.connect_owner() as owner:
            owner.execute(f"ALTER TABLE {lines} DROP CONSTRAINT broken".encode())
        assert api.post("/v1/projections/order_status/retry").json()["parked"] == 0
        assert api.get(f"/v1/orders/{placed['order_id']}").status_code == 200


def allow(database: Database, connections: bool) -> None:
    """Let nobody connect any more, and end who is; or let them again."""
    name = psycopg.conninfo.conninfo_to_dict(database.url)["dbname"]
    elsewhere = database.url.replace(f"/{name}", "/postgres")
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}".encode())
        if not connections:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (name,),
            )


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short timeout for a connection of the pool."""
    monkeypatch.setattr(pool, "POOL_SECONDS", 1)


def test_the_database_is_away_and_comes_back(
    impatient: None, postgres: Database, shop: Api
) -> None:
    placed = shop.post("/v1/orders", order()).json()
    waits = f"min_position={placed['position']}&wait_ms=10000"
    requests: list[tuple[str, str, Any]] = [
        ("POST", "/v1/orders", order()),
        ("POST", "/v1/orders:batch", {"orders": [order(), order()]}),
        ("GET", "/v1/orders", None),
        ("GET", f"/v1/orders/{placed['order_id']}?{waits}", None),
        ("GET", "/v1/events", None),
        ("GET", "/v1/projections", None),
        ("GET", "/readyz", None),
        ("POST", "/v1/projections/order_status/retry", None),
    ]
    allow(postgres, False)
    try:
        for method, path, body in requests:
            response = shop.send(method, path, json=body)
            assert response.json()["code"] in ("unavailable", "overloaded"), path
            problem_of(response, 503, response.json()["code"])
            assert int(response.headers["retry-after"]) >= 1
            assert "psycopg" not in response.text
        assert shop.get("/healthz").status_code == 200
        assert "oms_writer_failures_total" in shop.get("/metrics").text
    finally:
        allow(postgres, True)
    for method, path, body in requests:
        deadline = time.monotonic() + 60
        while (response := shop.send(method, path, json=body)).status_code == 503:
            assert time.monotonic() < deadline, (path, response.text)
        assert response.status_code in (200, 201), (path, response.text)


def test_an_internal_error_shows_no_details(
    api: Api, oms: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(oms.readers, "execute_many", broken)
    monkeypatch.setattr(DirectReads, "select", broken)
    for path in ("/v1/orders", "/v1/analytics/shipping"):
        assert "42" not in str(problem_of(api.get(path), 500, "internal_error"))


def test_a_ledger_that_is_ahead_of_the_clocks_is_degraded(postgres: Database, shop: Api) -> None:
    assert shop.get("/readyz").json()["degraded"] == []
    with postgres.connect_owner() as owner:
        owner.execute("UPDATE ledger_head SET recorded_at = now() + interval '10 years'")
    ready = shop.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["degraded"] == ["clock"]
    assert shop.post("/v1/orders", order()).status_code == 201, "orders are taken meanwhile"
