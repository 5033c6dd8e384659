"""The worker that folds is killed: another takes over, and both are there again."""

from __future__ import annotations

import signal

import psycopg

from tests.databases import SCHEMA
from tests.serving.checks import check_everything, follow
from tests.serving.conftest import Served
from tests.serving.family import signal_each, until
from tests.serving.shop import place, receive

OWNERS = f"SELECT lease_owner FROM {SCHEMA}.projection_positions WHERE lease_until > now()"


def folding(shop: Served) -> set[int]:
    """The process ids of those who hold the read models."""
    with psycopg.connect(shop.database) as connection:
        owners = connection.execute(OWNERS.encode()).fetchall()
    return {int(str(owner).split(":")[1]) for (owner,) in owners}


def test_another_worker_takes_over(shop: Served) -> None:
    receive(shop.client, ("WORK", "LON", 10))
    follow(shop.client, place(shop.client, ("WORK", 1))["position"])
    victims = [worker for worker in shop.family.workers() if worker.pid in folding(shop)]
    assert victims, "nobody folds"
    signal_each(victims, signal.SIGKILL)

    made = place(shop.client, ("WORK", 2))
    follow(shop.client, made["position"])
    shown = shop.client.get(f"/v1/orders/{made['order_id']}").json()
    assert shown["lines"][0]["allocated"] == 2
    assert not folding(shop) & {victim.pid for victim in victims}
    until(lambda: len(shop.family.workers()) == 2, "the supervisor has started another one")
    check_everything(shop.client, shop.database)
