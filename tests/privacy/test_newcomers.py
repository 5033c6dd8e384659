"""The key of a newcomer is stored in the transaction of the first order that is accepted, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from oms_commands.orders.place import PlaceOrder
from oms_ledger.app import Oms, open_prepared
from oms_ledger.cli.ledger import build_command
from oms_ledger.contexts import new_context
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.privacy.key_cache import PendingKey
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA, EVERYBODY, GUEST, Planted

REASON = {"reason": "asked for it"}
TOO_MANY = [{"sku": "A", "quantity": 10**6, "unit_price": "1.00"}]


@pytest.fixture
def other(oms: Oms, postgres: Database) -> Iterator[Oms]:
    """The ledger as another process sees it, with a writer and a cache of keys of its own."""
    with open_prepared(oms.settings) as other:
        yield other


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.connect_owner() as owner:
        return owner.execute(sql.encode()).fetchall()


def keys(database: Database) -> list[tuple[Any, ...]]:
    """Id, subject and whether it lives, of all keys of persons."""
    return rows(
        database,
        "SELECT key_id, subject, destroyed_at IS NULL FROM subject_keys"
        " WHERE subject <> 'ledger' ORDER BY created_at, key_id",
    )


def entries(database: Database) -> list[tuple[Any, ...]]:
    return rows(database, "SELECT blind, key_id FROM subject_index")


def sealing(database: Database) -> set[str]:
    """The ids of the keys with which anything in the log is sealed."""
    key_rows = rows(
        database,
        "SELECT DISTINCT (regexp_matches(convert_from(state, 'UTF8'),"
        " 'sealed:v1:([\\w-]+):', 'g'))[1]"
        " FROM ledger_events",
    )
    return {key_id for (key_id,) in key_rows}


def name_on(api: Api, order_id: str) -> object:
    return api.get(f"/v1/orders/{order_id}").json()["customer"]["name"]


def placed(api: Api, person: Planted, **more: Any) -> dict[str, Any]:
    answer = api.post("/v1/orders", person.order(**more))
    assert answer.status_code == 201, answer.text
    waits = f"min_position={answer.json()['position']}&wait_ms=10000"
    assert api.get(f"/v1/orders?{waits}").status_code == 200
    made: dict[str, Any] = answer.json()
    return made


def submission(person: Planted) -> Submission:
    return Submission(build_command(PlaceOrder, person.order()), new_context("tester"))


@pytest.mark.parametrize("person", EVERYBODY, ids=lambda person: person.mark)
def test_a_dry_run_and_a_refusal_leave_nothing(
    shop: Api, postgres: Database, person: Planted
) -> None:
    dry = shop.post("/v1/orders?dry_run=true", person.order())
    assert dry.status_code == 200
    assert person.mark in dry.text, "it is shown to whoever may see it"
    assert shop.post("/v1/orders", person.order(lines=TOO_MANY)).status_code == 409
    again = {"headers": {"Idempotency-Key": "once"}}
    for _ in range(2):
        refused = shop.post("/v1/orders", person.order(lines=TOO_MANY), **again)
        assert refused.status_code == 409
    many = {"orders": [person.order(lines=TOO_MANY), person.order(currency="XXX")]}
    shop.post("/v1/orders:batch", many)
    assert keys(postgres) == []
    assert entries(postgres) == []
    made = placed(shop, person)
    assert len(keys(postgres)) == 1
    assert name_on(shop, made["order_id"]) == person.customer["name"]


def test_nor_do_they_of_a_returning_customer_with_another_address(
    shop: Api, postgres: Database
) -> None:
    placed(shop, ADA)
    before = entries(postgres)
    assert len(before) == 1
    moved = {"customer": {**ADA.customer, "email": "new@example.com"}}
    assert shop.post("/v1/orders?dry_run=true", ADA.order(**moved)).status_code == 200
    assert shop.post("/v1/orders", ADA.order(lines=TOO_MANY, **moved)).status_code == 409
    assert entries(postgres) == before
    placed(shop, ADA, **moved)
    assert len(entries(postgres)) == 2
    assert len(keys(postgres)) == 1


def test_key_index_and_order_are_one_commit(shop: Api, postgres: Database) -> None:
    made = placed(shop, ADA)
    transactions = rows(
        postgres,
        "SELECT xmin::text FROM subject_keys WHERE subject <> 'ledger'"
        " UNION ALL SELECT xmin::text FROM subject_index"
        " UNION ALL SELECT xmin::text FROM ledger_events"
        f" WHERE originator_id = 'order-{made['order_id']}'",
    )
    assert len(transactions) >= 3
    assert len(set(transactions)) == 1


def test_two_first_orders_in_one_process_share_a_key(oms: Oms, postgres: Database) -> None:
    command = build_command(PlaceOrder, ADA.order())
    sealed = oms.vault.sealer.seal([Submission(command, new_context("tester")) for _ in range(2)])
    rows_ = [each.keys for each in sealed]
    assert rows_[0] is not None
    assert rows_[1] is not None
    assert rows_[0].new == rows_[1].new


@pytest.mark.parametrize("person", [ADA, GUEST], ids=lambda person: person.mark)
def test_two_first_orders_in_two_processes_end_with_one_key(
    shop: Api, oms: Oms, other: Oms, postgres: Database, person: Planted
) -> None:
    """Both have made a key before either has stored one."""
    (here,) = oms.vault.sealer.seal([submission(person)])
    (there,) = other.vault.sealer.seal([submission(person)])
    assert here.keys is not None
    assert there.keys is not None
    assert here.keys.new != there.keys.new
    other.execute(build_command(PlaceOrder, person.order()), actor="tester")
    made = placed(shop, person)
    batch = shop.post("/v1/orders:batch", {"orders": [person.order(), person.order()]})
    assert [each["status"] for each in batch.json()["results"]] == [201, 201]
    ((key_id, _, living),) = keys(postgres)
    assert living
    assert {each for _, each in entries(postgres)} == {key_id}
    assert sealing(postgres) == {key_id}
    assert name_on(shop, made["order_id"]) == person.customer["name"]


def test_the_same_by_the_program_itself(
    oms: Oms, other: Oms, shop: Api, postgres: Database
) -> None:
    for process in (oms, other):
        process.vault.sealer.seal([submission(ADA)])
    for process in (oms, other, oms):
        process.execute(build_command(PlaceOrder, ADA.order()), actor="tester")
    assert sealing(postgres) == {key_id for key_id, _, _ in keys(postgres)}
    assert len(keys(postgres)) == 1


def test_a_customer_forgotten_meanwhile_gets_a_new_key(
    shop: Api, oms: Oms, postgres: Database
) -> None:
    """A process still has the key at hand that it made before, as if it had not heard of its
    storing and destroying."""
    assert shop.post("/v1/orders?dry_run=true", ADA.order()).status_code == 200
    cache = oms.vault.keys
    stale = cache.pending.of("customer:c-ada")
    assert isinstance(stale, PendingKey)
    first = placed(shop, ADA)
    assert shop.post("/v1/customers/c-ada/forget", REASON).status_code == 200
    cache.pending.add([stale])
    second = placed(shop, ADA)
    (_, _, old_lives), (new, _, new_lives) = keys(postgres)
    assert (old_lives, new_lives) == (False, True)
    assert new != stale.key.id
    assert name_on(shop, second["order_id"]) == ADA.customer["name"]
    assert name_on(shop, first["order_id"]) != ADA.customer["name"]
    assert {each for _, each in entries(postgres)} == {new}


def test_a_key_that_was_made_before_a_decision_to_forget_outlives_it(
    shop: Api, oms: Oms, postgres: Database
) -> None:
    """The person was forgotten while the order was under way; the order came after."""
    placed(shop, ADA)
    assert shop.post("/v1/customers/c-ada/forget", REASON).status_code == 200
    oms.vault.sealer.seal([submission(ADA)])
    made_before = oms.vault.keys.pending.of("customer:c-ada")
    assert made_before is not None
    assert shop.post("/v1/customers/c-ada/forget", REASON).status_code == 200
    later = placed(shop, ADA)
    oms.vault.erasure.sweep_erasures()
    (living,) = [key_id for key_id, _, lives in keys(postgres) if lives]
    assert living == made_before.key.id
    assert name_on(shop, later["order_id"]) == ADA.customer["name"]
