"""A ledger with a remote root key: moved there, unavailable for a while, replaced by another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.errors import Refused
from oms_ledger.http.app import create_app
from oms_ledger.privacy.keks import remote
from oms_ledger.settings import Settings
from tests.databases import KEK, Database
from tests.http.conftest import Api
from tests.http.examples import STOCKED, order
from tests.http.test_errors import problem_of
from tests.privacy.keks.services import Kms, Service, StandIn
from tests.privacy.test_key_cache import rows

NAME = "Zqada Lovelace"


@pytest.fixture(params=["kms", "vault"])
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(remote, "BACKOFF_SECONDS", 0.0)
    own: Kms | StandIn = Kms(monkeypatch) if request.param == "kms" else StandIn(monkeypatch)
    yield own
    with suppress(Exception):  # shut already
        own.shut()


def placed(oms: Oms, customer: str, **headers: str) -> tuple[int, dict[str, object]]:
    with Api(create_app(oms)) as api:
        body = order(1, customer={"id": customer, "name": NAME}, external_id=customer)
        answer = api.post("/v1/orders", body, headers=headers)
        return answer.status_code, answer.json()


def stocked(oms: Oms) -> None:
    with Api(create_app(oms)) as api:
        for method, path, body in STOCKED:
            assert api.send(method, path, json=body).status_code == 200


def shown(oms: Oms, order_id: object) -> object:
    with Api(create_app(oms)) as api:
        oms.catch_up()
        return api.get(f"/v1/orders/{order_id}").json()["customer"]["name"]


def test_keys_move_from_a_file_into_a_service_and_no_event_changes(
    oms: Oms, settings: Settings, postgres: Database, service: Service
) -> None:
    stocked(oms)
    _, body = placed(oms, "c1")
    before = rows(postgres, "SELECT state FROM ledger_events ORDER BY notification_id")
    with open_prepared(replace(settings, kek=f"{service.key} {KEK}")) as both:
        assert both.rotate_kek() == 2
        service.rotate()
        assert both.rotate_kek() == 2
    assert rows(postgres, "SELECT state FROM ledger_events ORDER BY notification_id") == before
    keks = rows(postgres, "SELECT DISTINCT kek_id FROM subject_keys")
    assert len(keks) == 1
    assert str(keks[0][0]).startswith(service.key + "#")
    with open_prepared(replace(settings, kek=service.key)) as moved:
        assert shown(moved, body["order_id"]) == NAME
        assert placed(moved, "c2")[0] == 201
    with open_prepared(settings) as left_behind, pytest.raises(Refused, match=service.key):
        left_behind.vault.keys.ledger_key()


def test_another_key_is_refused_at_the_start(
    oms: Oms, settings: Settings, service: Service
) -> None:
    with open_prepared(replace(settings, kek=service.key)) as first:
        first.vault.keys.ledger_key()
    for other in (service.other, KEK):
        with open_prepared(replace(settings, kek=other)) as wrong:
            with pytest.raises(Refused, match=service.key) as error:
                wrong.vault.keys.ledger_key()
            assert error.value.code == "wrong_kek"


def test_no_order_is_lost_while_the_service_is_away(
    oms: Oms, settings: Settings, postgres: Database, service: Service
) -> None:
    """A process that has the wrapping key continues, new persons included. Another answers 503 and
    writes nothing; the repeated order is taken once."""
    own = replace(settings, kek=service.key)
    with open_prepared(own) as busy:
        stocked(busy)
        assert placed(busy, "c1")[0] == 201
        service.shut()
        assert placed(busy, "newcomer")[0] == 201
        before = rows(postgres, "SELECT count(*) FROM ledger_events")
        with open_prepared(own) as cold, Api(create_app(cold)) as api:
            body = order(1, customer={"id": "c3", "name": NAME})
            headers = {"Idempotency-Key": "once"}
            answer = api.post("/v1/orders", body, headers=headers)
            problem_of(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "2"
            assert NAME not in answer.text
            assert rows(postgres, "SELECT count(*) FROM ledger_events") == before
            service.open()
            first = api.post("/v1/orders", body, headers=headers)
            again = api.post("/v1/orders", body, headers=headers)
            assert (first.status_code, again.headers["idempotent-replayed"]) == (201, "true")
            assert first.json()["order_id"] == again.json()["order_id"]
