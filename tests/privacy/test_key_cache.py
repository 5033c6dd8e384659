"""Data keys: one for each subject, whichever process creates it; rotating the key-encryption key
changes no event."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.orders._fields import CustomerFields, LineFields
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.errors import NotFound, OmsError, Refused
from oms_ledger.domain.orders.answers import CustomerAnswer
from oms_ledger.domain.personal import Personal, key_of, personal_values
from oms_ledger.privacy.crypto import Keyring
from oms_ledger.privacy.disclosure import Access
from oms_ledger.settings import Settings
from tests.databases import KEK, Database

ACCESS = Access("tester", "tester", "here", "test")


def order(person: str, *, email: str | None = None, external_id: str | None = None) -> PlaceOrder:
    address = None if email is None else Personal(email)
    name = Personal(f"{person} somebody")
    return PlaceOrder(
        "web",
        "GBP",
        (LineFields("A", 1, unit_price="1.00"),),  # type: ignore[arg-type]  # as it comes in, text
        external_id=external_id,
        customer=CustomerFields(id=person or None, name=name, email=address),
    )


def stocked(oms: Oms) -> None:
    oms.execute(PutLocation("LON", "London"), actor="tester")
    oms.execute(ReceiveStock("A", "LON", 10_000), actor="tester")


def keys_of_orders(oms: Oms) -> set[str | None]:
    with oms.readers.as_of() as log:
        return {
            key_of(value)
            for r in log.events(0, 10_000, ["order.placed.v1"])
            for _, value in personal_values(r.event)
        }


def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        return connection.execute(statement.encode()).fetchall()


def test_two_processes_that_make_a_persons_key_at_once_agree_on_one(
    oms: Oms, settings: Settings, postgres: Database
) -> None:
    stocked(oms)
    people = [f"p{n}" for n in range(40)]
    with open_prepared(settings) as other, ThreadPoolExecutor(8) as threads:
        both = [
            threads.submit(each.execute_many, [order(p) for p in people], actor="tester")
            for _ in range(3)
            for each in (oms, other)
        ]
        assert not any(isinstance(r, OmsError) for one in both for r in one.result())
    living = rows(postgres, "SELECT subject FROM subject_keys WHERE subject LIKE 'customer:%'")
    assert sorted(str(subject) for (subject,) in living) == sorted(f"customer:{p}" for p in people)
    assert len(keys_of_orders(oms)) == len(people)


def test_the_subject_is_the_customer_id_else_the_address_else_the_order(
    oms: Oms, postgres: Database
) -> None:
    stocked(oms)
    commands = [
        order("", email="ada@example.com"),
        order("", email=" ADA@example.com"),
        order("", external_id="7"),
        order(""),
    ]
    for command in commands:
        oms.execute(command, actor="tester")
    subjects = [str(s) for (s,) in rows(postgres, "SELECT subject FROM subject_keys")]
    kinds = sorted(subject.partition(":")[0] for subject in subjects)
    assert kinds == ["email", "ledger", "order", "order"]


def test_where_nothing_is_personal_no_key_is_made(oms: Oms, postgres: Database) -> None:
    stocked(oms)
    lines = (LineFields("A", 1, unit_price="1.00"),)  # type: ignore[arg-type]  # as it comes in, text
    bare = PlaceOrder("web", "GBP", lines, customer=CustomerFields(id="17850"))
    oms.execute(bare, actor="tester")
    assert rows(postgres, "SELECT * FROM subject_keys") == []


def test_the_same_key_of_idempotency_for_another_name_is_refused(oms: Oms) -> None:
    """The fingerprint covers personal values too, and is stored as a keyed hash."""
    stocked(oms)
    first = oms.execute(order("p1", email="a@example.com"), actor="tester", key="k")
    again = oms.execute(order("p1", email="a@example.com"), actor="tester", key="k")
    assert again.answer["order_id"] == first.answer["order_id"]
    with pytest.raises(OmsError, match="used for a different request"):
        oms.execute(order("p1", email="b@example.com"), actor="tester", key="k")


def test_the_wrapping_key_is_changed_and_no_event_with_it(
    oms: Oms, settings: Settings, postgres: Database, tmp_path: Path
) -> None:
    own = replace(settings, kek=None, data_dir=tmp_path)
    with open_prepared(own) as first, open_prepared(own) as second:
        stocked(first)
        first.execute_many([order(f"p{n}") for n in range(30)], actor="tester")
        before = rows(postgres, "SELECT state FROM ledger_events ORDER BY notification_id")
        wrapped = rows(postgres, "SELECT key_id, wrapped, kek_id FROM subject_keys")
        assert first.rotate_kek() == 31
        assert rows(postgres, "SELECT state FROM ledger_events ORDER BY notification_id") == before
        now = rows(postgres, "SELECT key_id, wrapped, kek_id FROM subject_keys")
        assert not set(now) & set(wrapped)
        assert len({kek for _, _, kek in now}) == 1
        second.execute(order("p3"), actor="tester")
        second.execute(order("new"), actor="tester")
        assert first.rotate_kek() == 32
        assert len((tmp_path / "keys" / "kek").read_text().split()) == 2
    with open_prepared(own) as afterwards:
        shown = afterwards.show({"name": _name(afterwards)}, ACCESS, CustomerAnswer)
        assert str(shown["name"]).endswith(" somebody")
    elsewhere = replace(settings, kek=KEK)
    with open_prepared(elsewhere) as other, pytest.raises(Refused, match="OMS_KEK"):
        other.execute(order("p1"), actor="tester")


def _name(oms: Oms) -> str:
    with oms.readers.as_of() as log:
        (r, *_) = log.events(0, 1000, ["order.placed.v1"])
        return dict(personal_values(r.event))["name"].personal


def test_a_lost_key_file_is_reported_and_not_made_anew(
    oms: Oms, settings: Settings, tmp_path: Path
) -> None:
    own = replace(settings, kek=None, data_dir=tmp_path)
    with open_prepared(own) as first:
        stocked(first)
        first.execute(order("p1"), actor="tester")
    os.rename(tmp_path / "keys" / "kek", tmp_path / "elsewhere")
    with open_prepared(own) as second, pytest.raises(NotFound, match="key that opens"):
        second.execute(order("p1"), actor="tester")
    assert not (tmp_path / "keys" / "kek").exists()


def test_more_people_than_a_process_remembers(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oms.vault.keys, "ring", Keyring(50))
    stocked(oms)
    for _ in range(2):
        results = oms.execute_many([order(f"p{n}") for n in range(40)], actor="tester")
        results += oms.execute_many([order(f"q{n}") for n in range(40)], actor="tester")
        assert not any(isinstance(r, OmsError) for r in results)
    assert len(keys_of_orders(oms)) == 80
