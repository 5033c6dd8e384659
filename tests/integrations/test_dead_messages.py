"""How long messages of vendors are tried and kept, and those that wait for a person."""

from __future__ import annotations

from contextlib import closing

import pytest
from structlog.testing import capture_logs

from oms_ledger.app import Oms
from oms_ledger.domain.errors import NotFound
from oms_ledger.engine.work.job_runner import ATTEMPTS_MAX
from tests.databases import Database
from tests.integrations.acme import make_due, message, post, states, translate_all


def test_what_fails_is_tried_again_and_then_left_to_a_person(shop: Oms, ready: Database) -> None:
    post(shop, message("m1", "broken"))
    post(shop, message("m2", "silent"))
    for _ in range(ATTEMPTS_MAX):
        translate_all(shop)
        make_due(ready)
    listed = {each.message_id: each for each in shop.connections.messages.list(state="dead")}
    assert {name: each.code for name, each in listed.items()} == {
        "m1": "ValueError",
        "m2": "timeout",
    }
    (status,) = shop.connections.statuses()
    assert (status.dead, status.is_degraded) == (2, True)


def test_each_replay_has_all_its_tries(shop: Oms, ready: Database) -> None:
    post(shop, message("m1", "silent"))
    for tries in (ATTEMPTS_MAX, 2 * ATTEMPTS_MAX):
        for _ in range(ATTEMPTS_MAX - 1):
            translate_all(shop)
            make_due(ready)
        assert states(shop) == {"m1": "waiting"}
        translate_all(shop)
        (dead,) = shop.connections.messages.list(state="dead")
        assert dead.attempts == tries
        shop.connections.messages.replay("acme-uk", "m1")


def age(database: Database, *ids: str) -> None:
    """Make these messages older than their period."""
    with closing(database.connect_owner()) as owner:
        owner.execute(
            "UPDATE inbox_messages SET received_at = received_at - interval '31 days'"
            " WHERE message_id = ANY(%s)",
            (list(ids),),
        )


def make_dead(oms: Oms, database: Database, *ids: str) -> None:
    for each in ids:
        post(oms, message(each, "broken"))
    for _ in range(ATTEMPTS_MAX):
        translate_all(oms)
        make_due(database)


def test_they_are_deleted_after_their_period(shop: Oms, ready: Database) -> None:
    make_dead(shop, ready, "m3")
    for n, kind in enumerate(("news", "news", "silent")):
        post(shop, message(f"m{n}", kind))
    translate_all(shop)
    age(ready, "m0", "m2", "m3")
    shop.connections.prune()
    assert states(shop) == {"m1": "done", "m2": "waiting", "m3": "dead"}, (
        "neither one that waits is lost, nor one that nobody has looked at"
    )


def test_a_dead_message_is_dropped_by_a_person(shop: Oms, ready: Database) -> None:
    make_dead(shop, ready, "m1", "m2")
    age(ready, "m1")
    shop.connections.messages.drop("acme-uk", "m1")
    (dropped,) = shop.connections.messages.list(state="done")
    assert (dropped.message_id, dropped.code) == ("m1", "dropped")
    assert not post(shop, message("m1", "broken")), "it does not come back"
    shop.connections.prune()
    assert states(shop) == {"m2": "dead"}
    for missing in ("m1", "m7"):
        with pytest.raises(NotFound, match="state=dead"):
            shop.connections.messages.drop("acme-uk", missing)
    post(shop, message("m3", "silent"))
    with pytest.raises(NotFound):
        shop.connections.messages.drop("acme-uk", "m3")


def test_of_too_many_dead_messages_the_oldest_are_deleted_with_a_warning(
    shop: Oms, ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dead(shop, ready, "m1", "m2", "m3")
    age(ready, "m2")
    monkeypatch.setattr("oms_ledger.integrations.ledger.DEAD_MESSAGES_MAX", 2)
    with capture_logs() as logged:
        shop.connections.prune()
    assert states(shop) == {"m1": "dead", "m3": "dead"}
    (entry,) = [each for each in logged if each["event"] == "dead_messages_deleted"]
    assert (entry["connection"], entry["count"]) == ("acme-uk", 1)
    assert entry["log_level"] == "warning"
