"""How long after its acknowledgement an order can be seen: a probe places an order, and gets it
with `min_position` of its answer, while other clients load the ledger."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import closing
from statistics import quantiles
from urllib.parse import urlsplit

from benchmarks.compare import Contender, Plan, Run, Table, take_turns
from benchmarks.over_http import wait_until
from benchmarks.served import KEY, orders, result_of, served_ledger, start_wrk
from benchmarks.shop import ledger, stocked
from oms_ledger.app import Oms

PAUSE_SECONDS = 0.05
WAIT_MS = 10_000
STEADY_A_SECOND, STEADY_BATCH = 200, 10
IDLE, STEADY, FULL = "probe alone", "200 orders/s", "64 connections, as fast as they go"


def measure(server: str, plan: Plan) -> Table:
    with (
        ledger(server, "lag") as settings,
        stocked(settings) as oms,
        served_ledger(settings) as url,
    ):
        wait_until(lambda: _lag(oms) == 0)
        runs = take_turns(
            plan,
            {
                IDLE: lambda seconds: _run(url, seconds),
                STEADY: _with_steady_load(oms, url),
                FULL: _with_full_load(oms, url),
            },
        )
    return Table(
        "lag",
        "From acknowledged to seen",
        "probes/s",
        runs,
        notes=[
            "From the answer to `POST /v1/orders` to that of `GET /v1/orders/{id}?min_position=`,"
            " HTTP included. The load is not paced in the last line: it takes what the machine has,"
            f" the worker's share too. A probe that was not seen in {WAIT_MS // 1000} s counts as"
            " that."
        ],
    )


def _lag(oms: Oms) -> int:
    return max(status.lag_events for status in oms.readers.status())


def _run(url: str, seconds: float) -> Run:
    with closing(connected(url)) as connection:
        deadline = time.monotonic() + seconds
        waits = []
        while time.monotonic() < deadline:
            waits.append(_probe(connection))
            time.sleep(PAUSE_SECONDS)
    cuts = quantiles(waits, n=100) if len(waits) > 1 else waits * 99
    return Run(len(waits) / seconds, cuts[49], cuts[98])


def connected(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)


def _probe(connection: http.client.HTTPConnection) -> float:
    placed = request(connection, "POST", "/v1/orders", one_order())
    acknowledged = time.perf_counter()
    path = f"/v1/orders/{placed['order_id']}?min_position={placed['position']}&wait_ms={WAIT_MS}"
    request(connection, "GET", path, None)
    return (time.perf_counter() - acknowledged) * 1000


def request(
    connection: http.client.HTTPConnection, method: str, path: str, body: object
) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    answer: dict[str, object] = json.loads(response.read())
    if response.status >= 300 and answer.get("code") != "read_model_behind":
        raise RuntimeError(f"{method} {path}: {answer}")
    return answer


def one_order() -> dict[str, object]:
    line = {"sku": "SKU-0001", "quantity": 1, "unit_price": "2.55"}
    return {"channel": "web", "currency": "GBP", "lines": [line]}


def _with_full_load(oms: Oms, url: str) -> Contender:
    load = orders(64)

    def run(seconds: float) -> Run:
        with start_wrk(url, load, seconds) as process:
            result = _run(url, seconds)
            output, _ = process.communicate()
        result_of(output, load)
        wait_until(lambda: _lag(oms) == 0)
        return result

    return run


def _with_steady_load(oms: Oms, url: str) -> Contender:
    def run(seconds: float) -> Run:
        stop = threading.Event()
        load = threading.Thread(target=_steadily, args=(url, stop))
        load.start()
        try:
            return _run(url, seconds)
        finally:
            stop.set()
            load.join()
            wait_until(lambda: _lag(oms) == 0)

    return run


def _steadily(url: str, stop: threading.Event) -> None:
    """Batches of orders at even intervals, whatever time each takes."""
    interval = STEADY_BATCH / STEADY_A_SECOND
    body = {"orders": [one_order() for _ in range(STEADY_BATCH)]}
    with closing(connected(url)) as connection:
        due = time.monotonic()
        while not stop.wait(max(0.0, due - time.monotonic())):
            request(connection, "POST", "/v1/orders:batch", body)
            due += interval
