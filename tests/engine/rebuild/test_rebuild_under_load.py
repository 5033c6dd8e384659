"""The shop is open the whole time: read models are rebuilt, swapped and swapped back, and nobody
is refused or shown less than before."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from oms_projections import PROJECTIONS
from tests.databases import temporary_database
from tests.engine.rebuild.customers import Customers
from tests.serving.checks import check_everything
from tests.serving.family import ADMIN_KEY, PROGRAM, client, serving, until
from tests.serving.shop import location, order, receive

ORDERS = 2000
COMMANDS_BETWEEN = 50
"""So many orders are placed before the rebuild, and after the last swap."""
SWAPPED_BACK = 2
"""So many read models are swapped back after the rebuild, `order_status` among them; the others
stay with the new version."""


def projections(database: str, *words: str, code: int = 0) -> str:
    """What `oms-ledger projections` says on standard error."""
    done = subprocess.run(
        [str(PROGRAM), "projections", *words],
        env={**os.environ, "OMS_DATABASE_URL": database},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done.stderr


@pytest.mark.long
def test_read_models_are_rebuilt_and_swapped_while_the_shop_is_open(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"OMS_ADMIN_KEY": ADMIN_KEY}
    swapped_back, rebuilt = PROJECTIONS[:SWAPPED_BACK], PROJECTIONS[SWAPPED_BACK:]
    with temporary_database(server) as database:
        environment["OMS_DATABASE_URL"] = database
        with serving(environment, tmp_path) as (_, url), client(url) as http:
            location(http, "LON")
            receive(http, ("A", "LON", 1_000_000), ("B", "LON", 1_000_000))
            for _ in range(ORDERS // 500):
                batch = {"orders": [order(("A", 1), ("B", 2)) for _ in range(500)]}
                assert http.post("/v1/orders:batch", json=batch).status_code == 200
            http.get("/v1/orders", params={"min_position": 4 * ORDERS, "wait_ms": 10_000})
            customers = Customers(url)
            with customers.about(2):
                until(lambda: len(customers.took) >= COMMANDS_BETWEEN, "the shop is busy")
                began = time.monotonic()
                assert http.post("/v1/projections/order_status/rebuild").status_code == 202
                output = projections(database, "rebuild", "all", "--swap")
                ended = time.monotonic()
                assert (
                    output.count("are the same") == output.count("is live") == len(PROJECTIONS)
                ), output
                for model in swapped_back:
                    assert "is live" in projections(database, "swap", model.name, "--back")
                    projections(database, "drop", model.name, str(model.version + 1))
                most = len(customers.took) + COMMANDS_BETWEEN
                until(lambda: len(customers.took) >= most, "the shop is busy after the swaps")
            assert customers.wrong == []
            listed = http.get("/v1/projections").json()
            states = {
                (each["name"], each["version"]): each["state"]
                for model in listed
                for each in (model, *model["others"])
            }
            check_everything(http, database)
    assert states == {
        **{(model.name, model.version): "live" for model in swapped_back},
        **{(model.name, model.version): "retired" for model in rebuilt},
        **{(model.name, model.version + 1): "live" for model in rebuilt},
    }
    before, during = customers.p99(0, began), customers.p99(began, ended)
    with capsys.disabled():
        print(
            f"\n{len(customers.took)} commands, {customers.answers} answers; p99 before"
            f" {before * 1000:.1f} ms, while rebuilding {during * 1000:.1f} ms:"
            f" {during / before:.2f} times"
        )
