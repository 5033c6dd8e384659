"""Verification of a whole ledger names each change that a superuser makes to the database."""

from __future__ import annotations

import json

import pytest

from oms_ledger.audit.tree import notes
from oms_ledger.audit.tree.merkle import TreeBuilder, leaf_hashes
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.verify.remedies import remedy
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.domain.errors import Invalid
from oms_ledger.engine.db.connection import Connection
from oms_projections import PROJECTIONS
from tests.audit.verify.conftest import Sealed

WHOLE = VerificationOptions()
ALONE = VerificationOptions(read_models=False)

ALTER_BYTE = """
UPDATE ledger_events SET state = set_byte(state, octet_length(state) - 3,
                                          get_byte(state, octet_length(state) - 3) # 1)
WHERE notification_id = %s"""

ALTER = """
UPDATE ledger_events
SET state = convert_to(regexp_replace(convert_from(state, 'UTF8'), %s, %s), 'UTF8')
WHERE notification_id = %s"""

MOVE = "UPDATE ledger_events SET notification_id = %s WHERE notification_id = %s"


def test_an_intact_ledger_has_no_findings(sealed: Sealed) -> None:
    assert sealed.verify(WHOLE) == {}
    kept = sealed.kept()
    assert kept["ok"] is True
    assert kept["until"] == kept["sealed"] == sealed.head
    counts = {check["name"]: check["count"] for check in kept["checks"]}
    assert counts["tree"] == counts["log"] == sealed.head
    assert min(counts.values()) >= 0
    with sealed.tampering() as owner:
        for model in PROJECTIONS:
            rows = sum(_rows(owner, kind.table) for kind in model.rows)
            assert counts[model.name] == rows > 0, "every row, and no more than there are"
    assert counts["stock balances"] > 100
    assert [s.state for s in sealed.oms.readers.status()] == ["live"] * len(PROJECTIONS), (
        "nothing is left behind"
    )


def _rows(connection: Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


@pytest.mark.parametrize("nth", [0, 5, 20])
def test_a_changed_byte(sealed: Sealed, nth: int) -> None:
    position = sealed.position_of("order.placed.v1", nth)
    with sealed.tampering() as owner:
        owner.execute(ALTER_BYTE, (position,))
    findings = sealed.verify()
    assert [f.first for f in findings["changed_event"]] == [position]
    assert "restore" in remedy("changed_event")


def test_a_changed_quantity_is_named_by_its_bytes_and_by_what_no_longer_adds_up(
    sealed: Sealed,
) -> None:
    position = sealed.position_of("stock.allocated.v1")
    with sealed.tampering() as owner:
        owner.execute(ALTER, ('"quantity":[0-9]+', '"quantity":9', position))
    findings = sealed.verify()
    stream = sealed.oms.readers.log().events(position - 1, 1)[0].stream
    assert [f.first for f in findings["changed_event"]] == [position]
    (differs,) = findings["stock_differs_from_orders"]
    assert differs.stream == stream
    assert "allocated" in differs.expected


def test_a_tampered_payment_is_named_by_its_bytes_and_by_what_its_order_counts(
    sealed: Sealed,
) -> None:
    position = sealed.position_of("payment.captured.v1")
    stream = sealed.oms.readers.log().events(position - 1, 1)[0].stream
    with sealed.tampering() as owner:
        owner.execute(ALTER, ('"minor":[0-9]+', '"minor":999999', position))
    findings = sealed.verify()
    assert [f.first for f in findings["changed_event"]] == [position]
    assert [f.stream for f in findings["payment_does_not_add_up"]] == [stream]
    (differs,) = findings["payment_differs"]
    assert differs.stream == stream
    assert "999999 captured" in differs.expected


def test_a_deleted_event(sealed: Sealed) -> None:
    position = sealed.position_of("order.units_packed.v1")
    stream = sealed.oms.readers.log().events(position - 1, 1)[0].stream
    with sealed.tampering() as owner:
        owner.execute("DELETE FROM ledger_events WHERE notification_id = %s", (position,))
    findings = sealed.verify()
    assert [(f.first, f.last) for f in findings.pop("missing_event")] == [(position, position)]
    assert {f.stream for each in findings.values() for f in each} <= {stream}


def test_two_swapped_events(sealed: Sealed) -> None:
    one, other = sealed.position_of("order.placed.v1", 4), sealed.position_of("order.placed.v1", 9)
    with sealed.tampering() as owner:
        for to, position in ((-1, one), (one, other), (other, -1)):
            owner.execute(MOVE, (to, position))
    findings = sealed.verify()
    assert [(f.first, f.last) for f in findings["swapped_events"]] == [(one, other)]
    assert "changed_event" not in findings


def test_an_end_that_was_cut_off_with_all_that_is_about_it(sealed: Sealed) -> None:
    end = sealed.head - 40
    with sealed.tampering() as owner:
        owner.execute("DELETE FROM ledger_events WHERE notification_id > %s", (end,))
        _resealed(sealed, owner, None, end)
        owner.execute("UPDATE ledger_head SET position = %s", (end,))
    assert "truncated_tail" not in sealed.verify(ALONE), "by itself it does not show"
    (cut,) = sealed.verify()["truncated_tail"]
    assert (cut.first, cut.last) == (end + 1, sealed.head)
    assert "the safe" in cut.text


def test_an_end_that_was_cut_off_by_itself(sealed: Sealed) -> None:
    end = sealed.head - 40
    with sealed.tampering() as owner:
        owner.execute("DELETE FROM ledger_events WHERE notification_id > %s", (end,))
    findings = sealed.verify(ALONE)
    assert [(f.first, f.last) for f in findings["truncated_tail"]] == [(end + 1, sealed.head)]
    assert "missing_event" not in findings, "it is said once"
    assert findings["head_differs"]


def test_a_history_signed_anew_without_the_key(sealed: Sealed) -> None:
    position = sealed.position_of("order.placed.v1")
    origin = notes.origin("main", sealed.oms.audit.tree().state().ledger_id)
    forger = SigningKey.generate(origin)
    with sealed.tampering() as owner:
        owner.execute(ALTER, ('"unit_price":[0-9]+', '"unit_price":1', position))
        _resealed(sealed, owner, forger, sealed.head)
    findings = sealed.verify()
    assert str(forger.verifier) in findings["unknown_key"][0].text
    assert "does not count" in findings["bad_signature"][0].text
    (differs,) = findings["anchor_differs"]
    assert position in range(differs.first, differs.last + 1)


def _resealed(sealed: Sealed, owner: Connection, key: SigningKey | None, size: int) -> None:
    """Rebuild tree and root from the log. With a key, replace all checkpoints by one that it signs;
    without one, keep the checkpoints up to `size`."""
    tree = TreeBuilder()
    tiles = tree.append(leaf_hashes(sealed.oms.audit.tree().leaves(0, size))) + tree.edge()
    owner.execute("DELETE FROM merkle_tiles")
    for tile in tiles:
        row = (tile.level, tile.index, tile.width, tile.hashes)
        owner.execute("INSERT INTO merkle_tiles VALUES (%s, %s, %s, %s)", row)
    owner.execute("UPDATE merkle_tree SET size = %s, root = %s", (size, tree.root()))
    if key is None:
        owner.execute("DELETE FROM merkle_checkpoints WHERE size > %s", (size,))
        return
    owner.execute("DELETE FROM merkle_checkpoints")
    note = notes.checkpoint(key.name, size, tree.root(), key)
    owner.execute(
        "INSERT INTO merkle_checkpoints (size, root, note, signed_at) VALUES (%s, %s, %s, now())",
        (size, tree.root(), note),
    )
    owner.execute(
        "UPDATE merkle_keys SET key_id = %s, public_key = %s",
        (key.verifier.id, key.verifier.public),
    )


# Read models.


def test_one_altered_row_is_named_and_repaired(sealed: Sealed) -> None:
    with sealed.tampering() as owner:
        row = owner.execute(
            "UPDATE orders SET units = units + 1 WHERE order_id ="
            " (SELECT order_id FROM orders ORDER BY placed_at LIMIT 1) RETURNING order_id, units"
        ).fetchone()
    assert row is not None
    order_id, units = str(row[0]), int(str(row[1]))
    (differs,) = sealed.verify(WHOLE)["read_model_differs"]
    assert order_id in differs.text
    assert (differs.expected, differs.actual) == (f"units {units - 1}", f"units {units}")
    assert "--repair" in remedy(differs.kind)
    assert [s.state for s in sealed.oms.readers.status()] == ["live"] * len(PROJECTIONS)
    assert sealed.verify(VerificationOptions(repair=True)).keys() == {"read_model_differs"}
    kept = sealed.kept()
    assert "order_status is now the build made anew" in str(kept["repaired"])
    assert sealed.verify(WHOLE) == {}


def test_an_altered_row_of_a_payment_is_named(sealed: Sealed) -> None:
    with sealed.tampering() as owner:
        row = owner.execute(
            """UPDATE payments SET answer = replace(answer, '"captured":', '"captured": ')"""
            " WHERE payment_id = (SELECT min(payment_id) FROM payments WHERE 'status:captured' ="
            " ANY (facets)) RETURNING payment_id"
        ).fetchone()
        (gone,) = owner.execute(
            "DELETE FROM payments WHERE payment_id = (SELECT max(payment_id) FROM payments)"
            " RETURNING payment_id"
        ).fetchall()
    assert row is not None
    findings = sealed.verify(WHOLE)["read_model_differs"]
    faults = {f.stream: f.text for f in findings}
    assert faults[f"payments (payment_id {row[0]})"].endswith("differs in answer")
    assert faults[f"payments (payment_id {gone[0]})"].endswith("is missing")
    assert len(faults) == 2


def test_rows_that_were_deleted_or_made_up_are_named(sealed: Sealed) -> None:
    with sealed.tampering() as owner:
        gone = owner.execute(
            "DELETE FROM stock WHERE sku = 'A' AND location = 'LON' RETURNING on_hand"
        ).fetchone()
        owner.execute("UPDATE products SET sku = 'MADE-UP' WHERE sku = 'POST'")
    assert gone is not None
    findings = sealed.verify(WHOLE)["read_model_differs"]
    values = {f.stream: (f.expected, f.actual) for f in findings}
    assert f"on_hand {gone[0]}" in values["stock (sku A, location LON)"][0]
    assert values["stock (sku A, location LON)"][1] == "no such row"
    assert values["products (sku MADE-UP)"][0] == "no such row"
    assert values["products (sku POST)"][1] == "no such row"


def test_a_report_holds_nothing_of_people(sealed: Sealed) -> None:
    with sealed.tampering() as owner:
        owner.execute("""UPDATE orders SET customer = '{"name": "Grace Hopper"}', number = 'x y'""")
    report = sealed.report(WHOLE)
    assert report.to_markdown().count("customer (") > 1
    filed = report.to_markdown() + json.dumps(report.to_json())
    assert "Hopper" not in filed
    assert "Lovelace" not in filed


# Receipts, and parts.


def test_a_receipt_of_what_never_happened(sealed: Sealed) -> None:
    with sealed.tampering() as owner:
        owner.execute(
            "INSERT INTO receipts"
            " VALUES ('key', 'k-1', '', %s, now()), ('key', 'k-2', '', '', now())",
            (b'{"position":999999}',),
        )
    findings = sealed.verify()["receipt_differs"]
    assert [f.actual for f in findings] == ["999999", "none"]
    assert "'k-1'" in str(findings[0].text)


def test_up_to_a_position_nothing_later_is_looked_at(sealed: Sealed) -> None:
    position = sealed.position_of("order.placed.v1", 9)
    with sealed.tampering() as owner:
        owner.execute(ALTER_BYTE, (position,))
    assert sealed.verify(VerificationOptions(until=position - 1)) == {}
    assert sealed.oms.audit.last_verification() is None, "only what was whole is kept"
    assert "changed_event" in sealed.verify(VerificationOptions(until=position))
    with pytest.raises(Invalid, match="has the positions 1 to"):
        sealed.verify(VerificationOptions(until=sealed.head + 1))
