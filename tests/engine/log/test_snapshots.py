"""A damaged snapshot changes no answer and no decision: the events are folded instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.audit.verify.findings import Finding
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.log import codec
from oms_ledger.engine.write import decider
from tests.databases import Database

pytestmark = pytest.mark.postgres

STREAM = "stock-A@LON"
RECEIPTS = 8
ON_HAND = 10 * RECEIPTS

MORE = """UPDATE snapshots SET state = convert_to(
    regexp_replace(convert_from(state, 'UTF8'), '"on_hand":[0-9]+', '"on_hand":5000'), 'UTF8')"""
UNREADABLE = "UPDATE snapshots SET state = 'spoiled'"
CUT_OFF = "UPDATE snapshots SET state = substr(state, 1, 20)"
EMPTY = "UPDATE snapshots SET state = ''"
ANOTHER_VERSION = "UPDATE snapshots SET originator_version = originator_version + 1"
BEYOND_THE_LOG = "UPDATE snapshots SET originator_version = originator_version + 1000"
ANOTHER_POSITION = "UPDATE snapshots SET notification_id = 1"
OF_ANOTHER_STREAM = """UPDATE snapshots SET (state, checksum) = (
    SELECT state, checksum FROM snapshots AS s WHERE s.originator_id = 'stock-B@LON' LIMIT 1)"""
ANOTHER_CHECKSUM = "UPDATE snapshots SET checksum = sha256('')"

DAMAGES = {
    "more on hand": MORE,
    "unreadable": UNREADABLE,
    "cut off": CUT_OFF,
    "empty": EMPTY,
    "another version": ANOTHER_VERSION,
    "beyond the log": BEYOND_THE_LOG,
    "another position": ANOTHER_POSITION,
    "of another stream": OF_ANOTHER_STREAM,
    "another checksum": ANOTHER_CHECKSUM,
}


@pytest.fixture(autouse=True)
def snapshots_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decider, "SNAPSHOT_EVERY", 3)


@pytest.fixture
def shop(ready: Database) -> Database:
    """80 units of A, after eight receipts and two snapshots; and 900 of B."""
    with open_prepared(ready.settings) as oms:
        oms.execute(PutLocation("LON", "London"), actor="tester")
        for _ in range(RECEIPTS):
            oms.execute(ReceiveStock(sku="A", location="LON", quantity=10), actor="tester")
            oms.execute(ReceiveStock(sku="B", location="LON", quantity=300), actor="tester")
    return ready


def damage(database: Database, statement: str, where: str = "") -> None:
    with database.connect_owner() as owner:
        changed = owner.execute(
            f"{statement} WHERE originator_id = '{STREAM}' {where}".encode()
        ).rowcount
    assert changed > 0


@contextmanager
def opened(database: Database) -> Iterator[Oms]:
    with open_prepared(database.settings) as oms:
        yield oms


def take(oms: Oms, quantity: int) -> object:
    command = AdjustStock(sku="A", location="LON", change=-quantity, reason="sold")
    return oms.execute(command, actor="tester").answer["on_hand"]


def on_hand(oms: Oms, position: int | None = None) -> int:
    with oms.readers.as_of(position) as log:
        return log.fold(StockLevel, "A@LON").on_hand


@pytest.mark.parametrize("statement", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_snapshot_is_left_alone(shop: Database, statement: str) -> None:
    damage(shop, statement, "AND originator_version = 6")
    with opened(shop) as oms, capture_logs() as logged:
        assert on_hand(oms) == ON_HAND
        with pytest.raises(Refused):
            take(oms, ON_HAND + 1)
        assert take(oms, ON_HAND) == 0
        assert oms.snapshots.damaged >= 2, "once by the reader, once by the writer"
    assert [entry["log_level"] for entry in logged if entry["event"] == "snapshot_damaged"]


def test_an_older_snapshot_that_is_intact_is_used(shop: Database) -> None:
    """Shown by spoiling the events that it holds: nothing reads them."""
    damage(shop, MORE, "AND originator_version = 6")
    with shop.connect_owner() as owner:
        owner.execute("ALTER TABLE ledger_events DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE ledger_events SET state = 'spoiled'"
            " WHERE originator_id = %s AND originator_version <= 3",
            (STREAM,),
        )
    with opened(shop) as oms:
        assert on_hand(oms) == ON_HAND
        assert take(oms, 1) == ON_HAND - 1


def test_the_next_event_stores_a_snapshot_again(shop: Database) -> None:
    damage(shop, MORE)
    with opened(shop) as oms:
        take(oms, 1)
    with opened(shop) as oms:
        assert take(oms, 1) == ON_HAND - 2
        assert oms.snapshots.damaged == 0


def test_a_snapshot_of_the_program_from_before_is_ignored(shop: Database) -> None:
    """It has no checksum, and may say anything."""
    damage(shop, "UPDATE snapshots SET checksum = NULL, state = 'spoiled'")
    with opened(shop) as oms, capture_logs() as logged:
        assert on_hand(oms) == ON_HAND
        assert take(oms, 1) == ON_HAND - 1
        assert oms.snapshots.damaged == 0
    assert "snapshot_damaged" not in {entry["event"] for entry in logged}


def findings(database: Database) -> list[Finding]:
    with opened(database) as oms:
        report = oms.audit.verify(VerificationOptions(read_models=False))
    (check,) = [check for check in report.checks if check.name == "snapshots"]
    assert check.count > 0
    return list(check.findings)


def test_verify_finds_nothing_where_nothing_was_changed(shop: Database) -> None:
    assert findings(shop) == []


@pytest.mark.parametrize("statement", DAMAGES.values(), ids=DAMAGES)
def test_verify_names_a_damaged_snapshot(shop: Database, statement: str) -> None:
    damage(shop, statement, "AND originator_version = 6")
    (finding,) = findings(shop)
    assert (finding.kind, finding.stream) == ("snapshot_differs", STREAM)


def test_verify_names_a_snapshot_with_a_forged_checksum(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an attacker would who can write to the table and has read the program."""
    original: Callable[..., bytes] = codec.encode_state

    def forged(state: object) -> bytes:
        return original(state).replace(b'"on_hand":90', b'"on_hand":9000')

    monkeypatch.setattr(codec, "encode_state", forged)
    with opened(shop) as oms:
        oms.execute(ReceiveStock(sku="A", location="LON", quantity=10), actor="tester")
    monkeypatch.undo()
    (finding,) = findings(shop)
    assert "another than that of the events" in finding.text
