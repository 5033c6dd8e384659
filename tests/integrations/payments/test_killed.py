"""Workers are killed at their calls; afterwards the ledger and the provider agree to the cent."""

from __future__ import annotations

from random import Random

import pytest

from oms_ledger.domain.errors import Refused
from tests.databases import Database
from tests.integrations.payments.mortal import Executioner
from tests.integrations.payments.till import Till, till


def test_killed_at_a_call(ready: Database) -> None:
    check(ready, runs=24, seed=1)


@pytest.mark.long
def test_killed_two_hundred_times(ready: Database) -> None:
    check(ready, runs=200, seed=2)


def check(database: Database, runs: int, seed: int) -> None:
    """The stand-in does twice what is sent twice: whatever happens once is the ledger's doing. How
    far the payments have come when a worker dies depends on the machine: there are more runs, up to
    three times as many, until all that is to be seen was."""
    chance = Random(seed)
    with till(database, forgetful=True) as shop:
        executioner = Executioner(shop.stand_in)
        ids: list[str] = []
        for done in range(3 * runs):
            if done >= runs and all(executioner.killed.values()) and len(statuses(shop, ids)) > 2:
                break
            begin(shop, ids, chance)
            executioner.run(shop.oms.settings, chance)
            shop.release(database)
            if chance.random() < 0.4:
                shop.deliver()
                shop.work()
        shop.work()
        shop.deliver()
        shop.work()
        assert not shop.disagreements(), "\n".join(map(str, shop.disagreements().values()))
        assert len(statuses(shop, ids)) > 2
        assert not any(shop.payment(payment_id).discrepancies for payment_id in ids)
        assert sum(executioner.killed.values()) > runs // 2, executioner.killed
        assert all(executioner.killed.values()), executioner.killed


def statuses(shop: Till, ids: list[str]) -> set[str]:
    return {shop.payment(payment_id).status for payment_id in ids}


def begin(shop: Till, ids: list[str], chance: Random) -> None:
    """Another payment, and the next step of some of those that are there."""
    if len(ids) < 3 or chance.random() < 0.3:
        ids.append(shop.request(shop.order()))
    for payment_id in ids:
        payment = shop.payment(payment_id)
        if payment.status == "requires_action" and payment.action_url not in shop.approved:
            shop.approve(payment_id)
    shop.deliver()
    for payment_id in chance.sample(ids, min(4, len(ids))):
        try:
            step(shop, payment_id, chance)
        except Refused:
            continue


def step(shop: Till, payment_id: str, chance: Random) -> None:
    payment = shop.payment(payment_id)
    minor = chance.randint(1, 700)
    amount = f"{minor // 100}.{minor % 100:02d}"
    if payment.capturable > 0 and payment.outcome == "accepted":
        if chance.random() < 0.2:
            shop.void(payment_id)
        else:
            shop.capture(payment_id, amount, final=chance.random() < 0.3)
    elif payment.refundable > 0:
        shop.refund(payment_id, amount)
