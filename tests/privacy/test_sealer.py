"""No personal value is stored in clear: not in a table, an event, a dump or a file."""

from __future__ import annotations

import os
import re

import pytest

from oms_ledger.app import Oms
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.domain.registry import EVENTS
from oms_ledger.kernel import Command
from oms_ledger.privacy import sealer
from oms_ledger.privacy.crypto import DataKey
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA, BOB, EVERYBODY, GUEST
from tests.privacy.search import dumped, files_with, rows_with


def busy(api: Api) -> int:
    """Send personal values in all ways: single and batch, dry run, repeated, refused."""
    for person in EVERYBODY:
        person.buys(api)
    again = {"headers": {"Idempotency-Key": "once"}}
    for _ in range(2):
        api.post("/v1/orders", ADA.order(external_id="1"), **again)
    many = [BOB.order(), GUEST.order(external_id="2"), BOB.order(currency="XXX")]
    assert api.post("/v1/orders:batch", {"orders": many}, **again | {}).status_code in (200, 422)
    assert api.post("/v1/orders:batch", {"orders": many}).status_code == 200
    assert api.post("/v1/orders?dry_run=true", ADA.order()).status_code == 200
    short = ADA.order(lines=[{"sku": "A", "quantity": 10**6, "unit_price": "1.00"}])
    assert api.post("/v1/orders", short).status_code == 409
    position = int(api.post("/v1/orders", BOB.order()).headers["ledger-position"])
    answer = api.get("/v1/orders", params={"min_position": position, "wait_ms": 10_000})
    assert answer.status_code == 200
    return position


def in_clear(oms: Oms) -> list[str]:
    """Events that hold an unsealed personal value."""
    with oms.readers.as_of() as log:
        return [
            f"{type(r.event).type}.{name}"
            for r in log.events(0, 10_000)
            for name, value in personal_values(r.event)
            if key_of(value) is None
        ]


def test_nothing_personal_is_kept_in_clear(
    oms: Oms, shop: Api, postgres: Database, caplog: pytest.LogCaptureFixture
) -> None:
    busy(shop)
    assert in_clear(oms) == []
    for person in EVERYBODY:
        assert rows_with(postgres, person.mark) == []
        assert person.mark not in dumped(postgres)
        assert files_with(postgres, person.mark) == []
        assert person.mark not in caplog.text
    assert rows_with(postgres, "sealed:v1:"), "the search must find what is there"
    assert "sealed:v1:" in dumped(postgres)
    assert files_with(postgres, "subject_keys_living")


def test_without_sealing_all_of_it_is_detected(
    oms: Oms, shop: Api, postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_is(command: Command, key: DataKey) -> Command:
        return command

    monkeypatch.setattr(sealer, "sealed_with", as_it_is)
    busy(shop)
    assert in_clear(oms)
    for person in EVERYBODY:
        assert {"ledger_events"} < set(rows_with(postgres, person.mark))
        assert person.mark in dumped(postgres)
        assert files_with(postgres, person.mark)


def test_every_door_goes_through_the_one_that_seals() -> None:
    """Only the bus submits commands to the writer."""
    allowed = {"bus.py"}
    folder = os.path.dirname(sealer.__file__) + "/.."
    submitting = re.compile(r"writer\.submit")
    files = set()
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".py") and "testing" not in parent:
                with open(os.path.join(parent, name), encoding="utf-8") as file:
                    if submitting.search(file.read()):
                        files.add(name)
    assert files == allowed


def test_every_event_with_personal_values_can_be_looked_through() -> None:
    """Proves that the searches above look at something."""
    assert {"order.placed.v1", "shipment.created.v1"} <= set(EVENTS)
