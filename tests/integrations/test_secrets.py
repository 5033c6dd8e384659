"""Secrets of connections: sealed, bound to where they are sent, and in nothing that is shown."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from oms_commands.connections.put import PutConnection
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Invalid, NotFound, Refused
from oms_ledger.privacy.crypto import Unreadable
from oms_ledger.privacy.secret_box import SecretBox
from oms_ledger.testing.fault_server import FaultServer, ServedAnswer, fault_server
from tests.databases import Database
from tests.integrations.acme import SECRETS, message, open_with_acme, payment, post


@pytest.fixture
def vendor() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture
def shop(ready: Database, vendor: FaultServer) -> Iterator[Oms]:
    with open_with_acme(ready.settings, vendor.url) as oms:
        yield oms


def connect_to(oms: Oms, url: str, vendor: str = "acme") -> None:
    oms.execute(PutConnection("acme-uk", vendor, url), actor="mallory")


def test_they_are_given_to_the_vendor_they_are_for(shop: Oms, vendor: FaultServer) -> None:
    assert shop.connections.test("acme-uk") is None
    (request,) = vendor.done
    assert request.headers["authorization"] == f"Bearer {SECRETS['api_key']}"


def test_they_are_not_sent_to_another_address(shop: Oms, vendor: FaultServer) -> None:
    """Who may define a connection may not have its secrets sent elsewhere."""
    with fault_server() as thief:
        connect_to(shop, thief.url)
        with pytest.raises(Refused, match="Send them again") as refused:
            shop.connections.test("acme-uk")
        assert refused.value.code == "secrets_of_another_vendor"
        assert thief.connections == 0
    connect_to(shop, vendor.url)
    assert shop.connections.test("acme-uk") is None, "they are still those of this address"


def test_they_are_replaced_whole(shop: Oms, vendor: FaultServer) -> None:
    shop.connections.put_secrets("acme-uk", {**SECRETS, "api_key": "another"}, "clerk")
    shop.connections.accounts._read.clear()  # which would be read again in two seconds
    shop.connections.test("acme-uk")
    assert vendor.done[-1].headers["authorization"] == "Bearer another"
    status = shop.connections.secrets.statuses()["acme-uk"]
    assert (status.names, status.set_by) == (["api_key", "signing_key"], "clerk")


@pytest.mark.parametrize(
    ("secrets", "named"),
    [
        ({**SECRETS, "password": "planted-x"}, "password"),
        ({"api_key": "planted-x"}, "signing_key"),
        ({**SECRETS, "api_key": "  "}, "api_key"),
        ({**SECRETS, "api_key": "planted-x" * 10_000}, "api_key"),
    ],
)
def test_wrong_ones_are_named_and_not_repeated(
    shop: Oms, secrets: dict[str, str], named: str
) -> None:
    with pytest.raises(Invalid, match=named) as refused:
        shop.connections.put_secrets("acme-uk", secrets, "clerk")
    assert "planted" not in str(refused.value)
    with pytest.raises(NotFound):
        shop.connections.put_secrets("acme-de", SECRETS, "clerk")


def test_sealed_texts_open_in_their_place_alone(shop: Oms) -> None:
    box = SecretBox(shop.vault.lend, shop.vault.keys)
    sealed = box.seal("connection:a", "planted", "secrets a")
    assert box.open(sealed, "secrets a") == "planted"
    assert "planted" not in sealed
    for text, context in ((sealed, "secrets b"), (sealed[:-4] + "AAAA", "secrets a"), ("x", "s")):
        with pytest.raises(Unreadable):
            box.open(text, context)


def test_they_open_after_the_kek_was_rotated_and_in_other_processes(
    shop: Oms, ready: Database, vendor: FaultServer
) -> None:
    shop.rotate_kek()
    with closing(ready.connect_owner()) as owner:
        (row,) = owner.execute("SELECT sealed FROM connection_secrets").fetchall()
    other = replace(ready.settings, development_urls=vendor.url)
    with open_with_acme(other, vendor.url) as oms:
        box = SecretBox(oms.vault.lend, oms.vault.keys)
        assert json.loads(box.open(row[0], f"secrets acme {vendor.url}")) == SECRETS


def test_no_trace_of_secrets_and_messages_is_in_clear(
    shop: Oms, ready: Database, vendor: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    """In no table, log, status or error, while calls fail and messages are broken."""
    caplog.set_level(logging.DEBUG)
    payment_id = payment(shop)
    vendor.answers = [ServedAnswer(500, b"planted-answer"), "half_body", ServedAnswer(401)]
    with capture_logs() as logs:
        connections = shop.connections
        with connections.effect_runner() as effects, connections.job_runner() as runner:
            while effects.step():
                pass
            runner.step()
        post(shop, message("m1", "broken", payment_id))
        post(shop, message("m2", "authorised", payment_id, 2000))
        connections.translator().step()
        connections.test("acme-uk")
        shown = [connections.statuses(), connections.list_jobs(), connections.messages.list()]
    assert "planted" not in repr(shown)
    assert "planted" not in str(logs).lower().replace("planted-in-an-error", "") + caplog.text
    with closing(ready.connect_owner()) as owner:
        tables = [
            name
            for (name,) in owner.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", (ready.schema,)
            )
        ]
        assert {"jobs", "connection_secrets", "inbox_messages", "connection_health"} <= {*tables}
        for table in tables:
            rows = owner.execute(f"SELECT t::text FROM {table} AS t".encode()).fetchall()
            assert "planted" not in str(rows).lower(), table
