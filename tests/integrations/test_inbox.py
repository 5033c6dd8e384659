"""Messages of vendors: verified, kept once, translated once, found again where they were lost."""

from __future__ import annotations

import json
import random
import threading
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oms_commands.connections.pause import PauseConnection
from oms_commands.connections.resume import ResumeConnection
from oms_ledger.app import Oms
from oms_ledger.domain.errors import NotFound, Unauthenticated, Unavailable
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.read.reader import DetachedLog
from oms_ledger.engine.work.consequences import Consequence
from oms_ledger.integrations import postgres
from oms_ledger.integrations.inbox import InboxTranslator
from oms_ledger.integrations.ports import NoAnswer, WebhookMessage, WebhookRequest
from oms_ledger.integrations.postgres import SQL, LeasedMessage
from oms_ledger.integrations.secrets import subject_of
from oms_ledger.kernel import Log
from oms_ledger.testing.fault_server import FaultServer, ServedAnswer
from tests.databases import Database
from tests.integrations.acme import (
    AcmeGateway,
    make_due,
    message,
    payment,
    post,
    signature,
    state,
    states,
    translate_all,
)


def test_a_message_is_kept_and_translated_once(shop: Oms) -> None:
    payment_id = payment(shop)
    body = message("m1", "authorised", payment_id, 2000)
    assert [post(shop, body) for _ in range(3)] == [True, False, False]
    translate_all(shop)
    assert state(shop, payment_id).status == "authorised"
    version = state(shop, payment_id).version
    assert not post(shop, body), "nor after it was translated"
    translate_all(shop)
    assert state(shop, payment_id).version == version
    (event, *_) = shop.readers.log().history(f"payment-{payment_id}")[1:]
    assert event.meta.actor == "inbox:acme-uk"
    assert event.meta.causation_id == "inbox:acme-uk:m1"


def signed(body: bytes) -> WebhookRequest:
    return WebhookRequest({"x-acme-signature": signature(body)}, body)


def test_messages_that_come_together_are_stored_together(
    shop: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(shop, message("m1", "news"))
    transactions: list[int] = []
    store = postgres.store_messages

    def counted(connection: Connection, name: str, sealed: Mapping[str, str]) -> set[str]:
        transactions.append(len(sealed))
        return store(connection, name, sealed)

    monkeypatch.setattr(postgres, "store_messages", counted)
    forged = WebhookRequest({"x-acme-signature": "00"}, message("m2", "news"))
    ids = ["m3", "m1", "m4", "m3"]
    requests = [forged, *(signed(message(each, "news")) for each in ids)]
    refused, *new = shop.connections.inbox.receive_many("acme-uk", requests)
    assert isinstance(refused, Unauthenticated)
    assert new == [True, False, True, False]
    assert transactions == [3]
    assert states(shop).keys() == {"m1", "m3", "m4"}
    assert shop.connections.inbox.receive_many("acme-uk", []) == []


def test_once_a_vendor_does_not_answer_it_is_not_called_for_each_message(
    shop: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[bytes] = []
    verify = AcmeGateway.verify

    def silent(gateway: AcmeGateway, request: WebhookRequest) -> WebhookMessage:
        calls.append(request.body)
        if len(calls) == 2:
            raise NoAnswer("timeout")
        return verify(gateway, request)

    monkeypatch.setattr(AcmeGateway, "verify", silent)
    requests = [signed(message(f"m{n}", "news")) for n in range(4)]
    first, *others = shop.connections.inbox.receive_many("acme-uk", requests)
    assert first is True
    assert [type(each) for each in others] == [Unavailable] * 3
    assert len(calls) == 2
    assert states(shop).keys() == {"m0"}


@pytest.mark.parametrize("forgery", ["", "00", "ü", "f" * 64])
def test_of_a_forged_message_nothing_is_kept(shop: Oms, forgery: str) -> None:
    body = message("m1", "authorised", payment(shop), 2000)
    with pytest.raises(Unauthenticated):
        shop.connections.inbox.receive("acme-uk", {"x-acme-signature": forgery}, body)
    altered = body.replace(b"2000", b"9000")
    with pytest.raises(Unauthenticated):
        shop.connections.inbox.receive("acme-uk", {"x-acme-signature": signature(body)}, altered)
    with pytest.raises(NotFound):
        shop.connections.inbox.receive("acme-de", {"x-acme-signature": signature(body)}, body)
    assert states(shop) == {}


def test_a_sealed_message_is_bound_to_its_id(shop: Oms, ready: Database) -> None:
    """A person who may write to the table cannot have one message stand for another."""
    post(shop, message("m1", "authorised", payment(shop), 2000))
    post(shop, message("m2", "news"))
    with closing(ready.connect_owner()) as owner:
        owner.execute(
            "UPDATE inbox_messages SET sealed = (SELECT sealed FROM inbox_messages"
            " WHERE message_id = 'm1') WHERE message_id = 'm2'"
        )
    translate_all(shop)
    assert states(shop) == {"m1": "done", "m2": "waiting"}
    (waiting,) = shop.connections.messages.list(state="waiting")
    assert waiting.code == "Unreadable"


def leased(shop: Oms) -> list[LeasedMessage]:
    with shop.connections._lend(Role.CONNECTOR) as session:
        return postgres.lease_messages(session, "test", 60.0, [], 10)


def test_a_body_is_opened_as_it_was_sent(shop: Oms) -> None:
    bodies = [message("m1", "news"), '{"name": "Jürgen \\u0000"}\n'.encode(), b"\xff\xfe\x00", b""]
    messages = [WebhookMessage(f"m{n}", "news", body) for n, body in enumerate(bodies)]
    assert shop.connections.messages.put("acme-uk", messages) == [True] * 4
    opened = map(shop.connections.messages.open, leased(shop))
    assert sorted(opened, key=lambda each: each.message_id) == messages


def test_a_message_that_an_earlier_version_has_sealed_is_translated(shop: Oms) -> None:
    payment_id = payment(shop)
    body = message("m1", "authorised", payment_id, 2000)
    text = json.dumps({"kind": "authorised", "body": b64encode(body).decode()})
    box = shop.connections.messages._box
    sealed = box.seal(subject_of("acme-uk"), text, "message acme-uk m1")
    with shop.connections._lend(Role.CONNECTOR) as session:
        assert postgres.store_messages(session, "acme-uk", {"m1": sealed}) == {"m1"}
    translate_all(shop)
    assert state(shop, payment_id).status == "authorised"


def test_a_message_is_translated_again_by_hand(shop: Oms, ready: Database) -> None:
    payment_id = payment(shop)
    body = message("m1", "refunded", payment_id, 2000)
    post(shop, body)
    translate_all(shop)
    assert states(shop) == {"m1": "done"}, "the ledger keeps what cannot be as a discrepancy"
    before = state(shop, payment_id).version
    shop.connections.messages.replay("acme-uk", "m1")
    translate_all(shop)
    assert states(shop) == {"m1": "done"}
    assert state(shop, payment_id).version == before, "what it led to before is not done again"
    with pytest.raises(NotFound):
        shop.connections.messages.replay("acme-uk", "m7")


def test_what_a_message_is_about_has_changed_when_it_is_replayed(
    shop: Oms, vendor: FaultServer
) -> None:
    payment_id = payment(shop)
    post(shop, message("m1", "fetched", payment_id))
    for kind, amount in (("authorised", 2000), ("captured", 500)):
        vendor.answers = [ServedAnswer(200, json.dumps({"kind": kind, "amount": amount}).encode())]
        translate_all(shop)
        assert states(shop) == {"m1": "done"}
        shop.connections.messages.replay("acme-uk", "m1")
    totals = state(shop, payment_id).totals
    assert (totals.authorised, totals.captured) == (2000, 500)


def test_messages_about_anything_else_are_done(shop: Oms) -> None:
    post(shop, message("m1", "news"))
    post(shop, message("m2", "captured", "00000000-0000-0000-0000-000000000000", 100))
    translate_all(shop)
    assert states(shop) == {"m1": "done", "m2": "done"}


def test_messages_of_a_paused_connection_wait(shop: Oms) -> None:
    payment_id = payment(shop)
    shop.execute(PauseConnection("acme-uk"), actor="clerk")
    shop.connections.directory._read_at = float("-inf")
    post(shop, message("m1", "authorised", payment_id, 2000))
    translate_all(shop)
    assert states(shop) == {"m1": "waiting"}
    shop.execute(ResumeConnection("acme-uk"), actor="clerk")
    shop.connections.directory._read_at = float("-inf")
    translate_all(shop)
    assert state(shop, payment_id).status == "authorised"


def test_what_there_is_no_time_for_is_given_back_untried(shop: Oms) -> None:
    """A worker that is to stop, and one that half of its lease was not enough for."""
    for n in range(25):
        post(shop, message(f"m{n}", "news"))
    stop = threading.Event()
    stop.set()
    translator = shop.connections.translator()
    assert translator.step(stop) == 0
    translator._lease_seconds = 0.0
    assert translator.step() == 0
    listed = shop.connections.messages.list(limit=100)
    assert {(each.state, each.attempts) for each in listed} == {("waiting", 0)}
    assert shop.connections.translator().step() == 10, "few, so that a lease lasts for all of them"
    translate_all(shop)
    listed = shop.connections.messages.list(limit=100)
    assert {(each.state, each.attempts) for each in listed} == {("done", 1)}


def test_messages_wait_while_the_vendor_wants_no_calls(shop: Oms, ready: Database) -> None:
    post(shop, message("m1", "limited"))
    translate_all(shop)
    (waiting,) = shop.connections.messages.list()
    assert waiting.due_at - datetime.now(UTC) > timedelta(minutes=9), "as long as the vendor asks"
    with closing(ready.connect_owner()) as owner:
        owner.execute(
            "INSERT INTO connection_health (connection, blocked_until, updated_at)"
            " VALUES ('acme-uk', clock_timestamp() + interval '1 hour', clock_timestamp())"
        )
    post(shop, message("m2", "news"))
    assert shop.connections.translator().step() == 0
    with closing(ready.connect_owner()) as owner:
        owner.execute("UPDATE connection_health SET blocked_until = clock_timestamp()")
    assert shop.connections.translator().step() == 1


def test_counting_reads_no_message_that_is_done(ready: Database) -> None:
    with closing(ready.connect(Role.READER)) as reader:
        reader.execute("SET enable_seqscan = off")
        query = b"EXPLAIN " + SQL["count_messages"]
        plan = str(reader.execute(query).fetchall())
    assert "inbox_messages_due" in plan
    assert "inbox_messages_dead" in plan


class Killed(BaseException):
    """The process ends here."""


class MortalTranslator(InboxTranslator):
    """Ends after its commands were submitted, before the message is noted as done."""

    def _settle(self, consequences: Sequence[Consequence]) -> list[str]:
        super()._settle(consequences)
        raise Killed


def test_a_worker_that_dies_after_it_submitted_leaves_one_effect(
    shop: Oms, ready: Database
) -> None:
    payment_id = payment(shop)
    post(shop, message("m1", "authorised", payment_id, 2000))
    connections = shop.connections
    mortal = MortalTranslator(
        connections._lend,
        connections.messages,
        connections.directory,
        connections.accounts,
        connections._effect_of,
        connections._log_now,
        connections._submit,
    )
    with pytest.raises(Killed):
        mortal.step()
    version = state(shop, payment_id).version
    translate_all(shop)
    assert states(shop) == {"m1": "waiting"}, "its lease has not expired"
    make_due(ready)
    translate_all(shop)
    assert states(shop) == {"m1": "done"}
    assert state(shop, payment_id).version == version


def test_sweeps_find_what_was_lost(shop: Oms, vendor: FaultServer, ready: Database) -> None:
    payment_id = payment(shop)
    events = [
        message("m1", "authorised", payment_id, 2000).decode(),
        message("m2", "captured", payment_id, 500).decode(),
    ]
    post(shop, events[0].encode())  # the second was lost
    vendor.answers = [ServedAnswer(200, json.dumps({"events": events}).encode())]
    stop = threading.Event()
    sweeper = shop.connections.sweeper()
    assert sweeper.step(stop) == 1
    translate_all(shop)
    assert state(shop, payment_id).totals.captured == 500
    assert sweeper.step(stop) == 0, "not again before its time"
    with closing(ready.connect_owner()) as owner:
        owner.execute("UPDATE connection_health SET swept_at = swept_at - interval '1 hour'")
    vendor.answers = [ServedAnswer(200, b'{"events": []}')]
    sweeper.step(stop)
    assert vendor.received[-1].target == "/events?after=2", "it goes on where the last ended"
    with closing(ready.connect_owner()) as owner:
        owner.execute("UPDATE connection_health SET swept_at = swept_at - interval '1 hour'")
    vendor.answers = ["close_after", "close_after"]
    assert sweeper.step(stop) == 0, "a sweep that fails is no failure of the others"


def flood(oms: Oms, count: int) -> None:
    """`count` messages about payments, shuffled, tripled, a tenth of them forged as well."""
    chance = random.Random(count)
    payments = [payment(oms) for _ in range(max(3, count // 20))]
    bodies = [message(f"a{n}", "authorised", each, 2000) for n, each in enumerate(payments)]
    expected = dict.fromkeys(payments, 0)
    while len(bodies) < count:
        payment_id = chance.choice(payments)
        if expected[payment_id] < 2000:
            expected[payment_id] += 100
            bodies.append(message(f"c{len(bodies)}", "captured", payment_id, 100))
        else:
            bodies.append(message(f"n{len(bodies)}", "news"))
    sent = [(body, signature(body)) for body in bodies] * 3
    sent += [(body, signature(body, "forged")) for body in chance.sample(bodies, count // 10)]
    chance.shuffle(sent)
    stored = forged = 0
    for body, signed in sent:
        try:
            stored += oms.connections.inbox.receive("acme-uk", {"x-acme-signature": signed}, body)
        except Unauthenticated:
            forged += 1
        if chance.random() < 0.01:
            oms.connections.translator().step()
    assert (stored, forged) == (count, count // 10)
    translate_all(oms)
    for payment_id, captured in expected.items():
        booked = state(oms, payment_id)
        assert (booked.totals.captured, booked.totals.authorised) == (captured, 2000)
        assert not booked.discrepancies


def test_a_flood_ends_as_the_provider_has_it(shop: Oms) -> None:
    flood(shop, 300)


@pytest.mark.long
def test_ten_thousand_end_as_the_provider_has_it(shop: Oms) -> None:
    flood(shop, 10_000)


def test_connections_are_folded_where_the_log_has_moved_alone(shop: Oms) -> None:
    directory = shop.connections.directory
    folded: list[int] = []

    def log() -> Log:
        class Counted(DetachedLog):
            def keys(self, *given: Any, **more: Any) -> list[str]:
                folded.append(self.position)
                return super().keys(*given, **more)

        return Counted(shop.readers, shop.readers.head())

    directory._log = log
    first = directory.get("acme-uk", fresh=True)
    assert directory.get("acme-uk", fresh=True) == first
    assert len(folded) <= 1
    shop.execute(PauseConnection("acme-uk"), actor="clerk")
    connection, _ = directory.get("acme-uk", fresh=True)
    assert connection.paused
    assert folded[-1] == shop.readers.head()
