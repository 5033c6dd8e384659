"""A decided erasure is completed even if the deciding process died before destroying the keys."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from oms_ledger.app import Oms
from oms_ledger.privacy import postgres as key_storage
from oms_ledger.privacy.retention import ErasureSweep, RetentionScheduler
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA, BOB, GUEST
from tests.privacy.test_erasure import REASON, forget, order_of

ROOT = Path(__file__).parents[2]

FORGET_AND_DIE = """
import os, sys
from oms_commands.customers.forget import ForgetCustomer
from oms_ledger.app import open_prepared
from oms_ledger.privacy import postgres
from oms_ledger.settings import Settings

postgres.destroy_keys = lambda *_: os._exit(9)
with open_prepared(Settings.from_environment(database_url=sys.argv[1])) as oms:
    oms.execute(ForgetCustomer(sys.argv[2], "asked for"), actor="tester")
"""


def die_before_erasure(database: Database, person: str) -> None:
    """Run a process that dies after writing the receipt and before destroying a key."""
    program = [sys.executable, "-c", FORGET_AND_DIE, database.url, person]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 9, ended.stderr


def living(database: Database) -> set[str]:
    """The subjects with a living key."""
    with database.connect_owner() as owner:
        rows = owner.execute("SELECT subject FROM subject_keys WHERE wrapped IS NOT NULL")
        return {str(subject) for (subject,) in rows}


def test_the_next_worker_carries_it_out(oms: Oms, shop: Api, postgres: Database) -> None:
    made, other = ADA.buys(shop), BOB.buys(shop)
    die_before_erasure(postgres, "c-ada")
    with oms.readers.as_of() as log:
        assert [type(r.event).type for r in log.history("customer-c-ada")] == [
            "customer.forgotten.v2"
        ]
    assert "customer:c-ada" in living(postgres)
    assert order_of(shop, made)["customer"]["email"] == ADA.email
    sweep = ErasureSweep(oms.retention)
    assert sweep.attempt(threading.Event())
    assert "customer:c-ada" not in living(postgres)
    assert order_of(shop, made)["customer"]["email"] == "[forgotten]"
    assert order_of(shop, other)["customer"]["email"] == BOB.email
    assert sweep.attempt(threading.Event())
    again = ADA.buys(shop)
    assert RetentionScheduler(oms.retention, 3).run_if_due() is not None
    assert order_of(shop, again)["customer"]["email"] == ADA.email, "who came again is another"


def test_a_repeated_request_under_the_same_key_completes_the_erasure(
    oms: Oms, shop: Api, postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    GUEST.buys(shop)
    once = {"headers": {"Idempotency-Key": "once"}}

    def away(*_: Any) -> Any:
        raise RuntimeError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(key_storage, "destroy_keys", away)
        failed = shop.post(f"/v1/customers/{GUEST.email}/forget", REASON, **once)
        assert failed.status_code == 500
    assert len(living(postgres)) == 2
    answer = shop.post(f"/v1/customers/{GUEST.email}/forget", REASON, **once)
    assert answer.headers["idempotent-replayed"] == "true"
    assert living(postgres) == {"ledger"}


def test_keys_that_come_back_with_a_backup_are_destroyed_again(
    oms: Oms, shop: Api, postgres: Database
) -> None:
    made = GUEST.buys(shop)
    with postgres.connect_owner() as owner:
        owner.execute("CREATE TABLE backup AS SELECT * FROM subject_keys")
        forget(shop, GUEST.email)
        owner.execute("ALTER TABLE subject_keys DISABLE TRIGGER USER")
        owner.execute("TRUNCATE subject_keys")
        owner.execute("INSERT INTO subject_keys SELECT * FROM backup")
        owner.execute("ALTER TABLE subject_keys ENABLE TRIGGER USER")
    assert order_of(shop, made)["customer"]["email"] == GUEST.email
    assert ErasureSweep(oms.retention).attempt(threading.Event())
    assert order_of(shop, made)["customer"]["email"] == "[forgotten]"
