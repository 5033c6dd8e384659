"""Events on which an effect fails: kept for a person, and retried once the cause is mended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.engine.work.effects import EffectRunner
from oms_ledger.testing.fault_server import FaultServer, fault_server
from tests.databases import Database
from tests.integrations.acme import FRAGILE_KINDS, FragileEffect, open_with_acme, payment

SOURCE = "effect:payments"


@pytest.fixture
def vendor() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture
def shop(ready: Database, vendor: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Oms]:
    """A shop whose effect has failed on the one payment that was requested."""
    monkeypatch.setattr(FragileEffect, "broken", True)
    with open_with_acme(ready.settings, vendor.url) as oms:
        payment(oms)
    with open_prepared(ready.settings, kinds=FRAGILE_KINDS) as oms:
        follow(oms.connections.effect_runner())
        yield oms


def follow(runner: EffectRunner) -> None:
    with runner:
        while runner.step():
            pass


def test_a_failed_event_is_kept_for_a_person_and_the_cursor_goes_on(shop: Oms) -> None:
    (failure,) = shop.work.refusals()
    assert (failure.source, failure.reference) == (SOURCE, str(failure.position))
    assert (failure.command, failure.code) == (None, "ZeroDivisionError")
    assert shop.connections.list_jobs() == []
    FragileEffect.broken = False
    payment(shop)
    follow(shop.connections.effect_runner())
    (job,) = shop.connections.list_jobs()
    assert job.position > failure.position


def test_a_failed_event_gets_its_one_job_when_the_cause_is_mended(shop: Oms) -> None:
    (failure,) = shop.work.refusals()
    with pytest.raises(ZeroDivisionError):
        shop.work.retry(SOURCE, failure.reference)
    (again,) = shop.work.refusals()
    assert again.attempts == 2
    FragileEffect.broken = False
    shop.work.retry(SOURCE, failure.reference)
    assert shop.work.refusals() == []
    (job,) = shop.connections.list_jobs()
    assert (job.job_id, job.state) == (f"payments-{failure.position}", "waiting")
    with pytest.raises(NotFound, match="work refused"):
        shop.work.retry(SOURCE, failure.reference)


def test_the_job_and_the_deletion_of_the_refusal_are_one(
    shop: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    (failure,) = shop.work.refusals()
    FragileEffect.broken = False
    with monkeypatch.context() as patch:
        patch.setattr("oms_ledger.engine.work.consequences.delete_refusal", _refused)
        with pytest.raises(Refused):
            shop.work.retry(SOURCE, failure.reference)
    assert shop.connections.list_jobs() == []
    assert shop.work.refusals() == [failure]


def _refused(*_: object) -> bool:
    raise Refused("planted")


def test_an_effect_that_this_program_has_not_is_named(shop: Oms, ready: Database) -> None:
    with ready.connect_owner() as owner:
        owner.execute("UPDATE refused_consequences SET source = 'effect:labels'")
    (failure,) = shop.work.refusals()
    with pytest.raises(NotFound, match="no effect:labels"):
        shop.work.retry(failure.source, failure.reference)
    shop.work.dismiss(failure.source, failure.reference)
    assert shop.work.refusals() == []
