"""A superuser with every defence switched off changes the past; the report names what."""

from __future__ import annotations

import pytest

from oms_ledger.audit.tree import notes
from oms_ledger.audit.tree.merkle import Tile, TreeBuilder, leaf_hashes
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.audit.verify.tree import verify_tree
from oms_ledger.engine.db.connection import Connection
from tests.audit.ledger import Audited, kinds

STATE = "UPDATE ledger_events SET state = %s WHERE notification_id = %s"
MOVE = "UPDATE ledger_events SET notification_id = %s WHERE notification_id = %s"
CUT = "DELETE FROM ledger_events WHERE notification_id > %s"


def test_an_unchanged_ledger_is_proven(ledger: Audited) -> None:
    ledger.sealed(300, 5, 700)
    ledger.grow(3)
    report = ledger.verify(ledger.anchor())
    assert report.ok, report.findings
    assert (report.events, report.size, report.head) == (1005, 1005, 1008)
    assert (report.checkpoints, report.anchors) == (3, 1)


def test_an_empty_ledger_is_proven(ledger: Audited) -> None:
    assert verify_tree(ledger.store, ledger.origin, []).ok


@pytest.mark.parametrize("position", [1, 256, 257, 777, 1000])
def test_a_changed_byte_is_reported_at_its_event(ledger: Audited, position: int) -> None:
    ledger.sealed(600, 400)
    with ledger.superuser() as owner:
        owner.execute(STATE, (b'{"n":0}', position))
    report = ledger.verify(ledger.anchor())
    assert kinds(report) == [("changed_event", position, position)]
    assert report.findings[0].text.startswith(f"event {position} has been changed")


@pytest.mark.parametrize("column", ["topic", "originator_id"])
def test_no_column_of_an_event_can_be_changed_unseen(ledger: Audited, column: str) -> None:
    ledger.sealed(300)
    with ledger.superuser() as owner:
        owner.execute(f"UPDATE ledger_events SET {column} = 'x' WHERE notification_id = 77")
    assert kinds(ledger.verify()) == [("changed_event", 77, 77)]


def test_neighbouring_changes_are_reported_as_one(ledger: Audited) -> None:
    ledger.sealed(1000)
    with ledger.superuser() as owner:
        owner.execute("UPDATE ledger_events SET state = '' WHERE notification_id > 990")
        owner.execute("UPDATE ledger_events SET state = '' WHERE notification_id = 5")
    assert kinds(ledger.verify()) == [("changed_event", 5, 5), ("changed_event", 991, 1000)]


@pytest.mark.parametrize("position", [1, 500, 768])
def test_a_deleted_event_is_named(ledger: Audited, position: int) -> None:
    ledger.sealed(1000)
    with ledger.superuser() as owner:
        owner.execute("DELETE FROM ledger_events WHERE notification_id = %s", (position,))
    report = ledger.verify()
    assert kinds(report) == [("missing_event", position, position)]
    assert report.findings[0].text == f"event {position} is missing from the log"


def test_two_events_that_changed_places_are_named(ledger: Audited) -> None:
    ledger.sealed(1000)
    with ledger.superuser() as owner:
        for to, position in ((-1, 17), (17, 801), (801, -1)):
            owner.execute(MOVE, (to, position))
    report = ledger.verify()
    assert kinds(report) == [("swapped_events", 17, 801)]
    assert report.findings[0].text == "events 17 and 801 have been swapped"


def test_two_events_that_changed_their_bytes_are_named(ledger: Audited) -> None:
    ledger.sealed(1000)
    rows = {p: ledger.store.events(p - 1, p)[0] for p in (17, 18)}
    with ledger.superuser() as owner:
        owner.execute(STATE, (rows[18].state, 17))
        owner.execute(STATE, (rows[17].state, 18))
        owner.execute(STATE, (b"", 19))
    assert kinds(ledger.verify()) == [("swapped_events", 17, 18), ("changed_event", 19, 19)]


def test_a_tail_cut_off_the_log_alone_is_named(ledger: Audited) -> None:
    ledger.sealed(1000)
    with ledger.superuser() as owner:
        owner.execute(CUT, (990,))
    assert kinds(ledger.verify()) == [("head_differs", 0, 0), ("truncated_tail", 991, 1000)]


def cut_all(owner: Connection, ledger: Audited, size: int) -> None:
    """Cut the end off everything the database has, so that it looks as it did at that size."""
    owner.execute(CUT, (size,))
    owner.execute("UPDATE ledger_head SET position = %s", (size,))
    owner.execute("DELETE FROM merkle_checkpoints WHERE size > %s", (size,))
    owner.execute("DELETE FROM merkle_tiles")
    rebuild(owner, ledger)


def rebuild(owner: Connection, ledger: Audited) -> bytes:
    """Make tiles and root anew from whatever is in the log now."""
    size = ledger.store.state().newest
    tree = TreeBuilder()
    tiles: list[Tile] = tree.append(leaf_hashes(ledger.store.leaves(0, size))) + tree.edge()
    owner.execute("DELETE FROM merkle_tiles")
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO merkle_tiles VALUES (%s, %s, %s, %s)",
            [(tile.level, tile.index, tile.width, tile.hashes) for tile in tiles],
        )
    owner.execute("UPDATE merkle_tree SET size = %s, root = %s", (size, tree.root()))
    return tree.root()


def test_a_tail_cut_off_everything_shows_against_a_checkpoint_kept_outside(
    ledger: Audited,
) -> None:
    ledger.sealed(700, 300)
    anchor = ledger.anchor()
    with ledger.superuser() as owner:
        cut_all(owner, ledger, 700)
    assert ledger.verify().ok, "by itself it cannot show, which is what anchors are for"
    report = ledger.verify(anchor)
    assert kinds(report) == [("truncated_tail", 701, 1000)]
    assert report.findings[0].text == (
        "events 701 to 1000 are missing from the end: the checkpoint kept in the safe of 1000"
        " events was signed, and the log ends at 700"
    )


def test_a_tail_that_was_written_anew_shows_too(ledger: Audited) -> None:
    ledger.sealed(700)
    before = ledger.anchor()
    anchor = ledger.sealed(300).anchor()
    with ledger.superuser() as owner:
        cut_all(owner, ledger, 700)
    ledger.append([("order-other", n, "t", b"", 700 + n) for n in range(1, 401)])
    ledger.seal()
    assert ledger.verify().ok
    assert kinds(ledger.verify(anchor, before)) == [("anchor_differs", 701, 1000)]


def test_history_with_a_new_tree_does_not_fit_what_was_signed(ledger: Audited) -> None:
    ledger.sealed(400, 300, 300)
    with ledger.superuser() as owner:
        owner.execute(STATE, (b"forged", 555))
        rebuild(owner, ledger)
    report = ledger.verify()
    assert kinds(report) == [("root_differs", 401, 700)]
    assert "checkpoint of 700 events (and 1 later ones)" in report.findings[0].text


def resign(owner: Connection, ledger: Audited, key: SigningKey, root: bytes, size: int) -> None:
    owner.execute("DELETE FROM merkle_checkpoints")
    note = notes.checkpoint(ledger.origin, size, root, key)
    owner.execute(
        "INSERT INTO merkle_checkpoints (size, root, note, signed_at) VALUES (%s, %s, %s, now())",
        (size, root, note),
    )


def test_history_signed_anew_without_the_key_is_detected(ledger: Audited) -> None:
    ledger.sealed(400, 600)
    anchor, forger = ledger.anchor(), SigningKey.generate(ledger.origin)
    with ledger.superuser() as owner:
        owner.execute(STATE, (b"forged", 555))
        resign(owner, ledger, forger, rebuild(owner, ledger), 1000)
        owner.execute(
            "UPDATE merkle_keys SET key_id = %s, public_key = %s",
            (forger.verifier.id, forger.verifier.public),
        )
    report = ledger.verify(anchor)
    assert kinds(report) == [
        ("unknown_key", 0, 0),
        ("anchor_differs", 1, 1000),
        ("bad_signature", 0, 0),
    ]
    assert str(forger.verifier) in report.findings[0].text
    assert "signed by" in report.findings[2].text


def test_a_forged_signature_of_the_right_key_is_detected(ledger: Audited) -> None:
    ledger.sealed(10)
    with ledger.superuser() as owner:
        owner.execute(
            "UPDATE merkle_checkpoints SET note = replace(note, E'\\n10\\n', E'\\n11\\n')"
        )
    assert kinds(ledger.verify()) == [("bad_signature", 0, 0)]


def test_a_second_signature_hands_nothing_over(ledger: Audited) -> None:
    """Anybody can add a line below a checkpoint; a key that is only there is not trusted."""
    ledger.sealed(10)
    forger = SigningKey.generate(ledger.origin)
    text = ledger.newest().note.split("\n\n")[0] + "\n"
    line = notes.sign(text, forger).split("\n\n")[1]
    with ledger.superuser() as owner:
        owner.execute("UPDATE merkle_checkpoints SET note = note || %s", (line,))
        owner.execute(
            "INSERT INTO merkle_keys (name, key_id, public_key, from_size) VALUES (%s, %s, %s, 10)",
            (forger.name, forger.verifier.id, forger.verifier.public),
        )
    assert kinds(ledger.verify()) == [("unknown_key", 0, 0)]


def test_history_signed_anew_with_the_key_fits_no_checkpoint_kept_outside(
    ledger: Audited,
) -> None:
    ledger.sealed(400, 600)
    anchor = ledger.anchor()
    with ledger.superuser() as owner:
        owner.execute(STATE, (b"forged", 555))
        resign(owner, ledger, ledger.key, rebuild(owner, ledger), 1000)
    assert ledger.verify().ok, "who has the key can do this, which is what anchors are for"
    assert kinds(ledger.verify(anchor)) == [("anchor_differs", 1, 1000)]


def test_a_changed_tile_is_not_reported_as_a_changed_event(ledger: Audited) -> None:
    ledger.sealed(1000)
    with ledger.superuser() as owner:
        owner.execute(
            "UPDATE merkle_tiles SET hashes = overlay(hashes PLACING sha256('x') FROM 33)"
            " WHERE level = 0 AND index = 2"
        )
    report = ledger.verify()
    assert kinds(report) == [("tile_changed", 0, 0)]
    assert report.findings[0].text.startswith("tile 2 of level 0")


def test_a_changed_tile_higher_up_is_named(ledger: Audited) -> None:
    ledger.sealed(1000)
    with ledger.superuser() as owner:
        owner.execute(
            "UPDATE merkle_tiles SET hashes = overlay(hashes PLACING sha256('x') FROM 33)"
            " WHERE level = 1"
        )
    assert [f.text for f in ledger.verify().findings] == [
        "tile 0 of level 1 does not follow from the tiles below it"
    ]


def test_a_missing_tile_is_named(ledger: Audited) -> None:
    ledger.sealed(1000)
    with ledger.superuser() as owner:
        owner.execute("DELETE FROM merkle_tiles WHERE level = 0 AND index = 1")
    assert [f.text for f in ledger.verify().findings] == ["tile 1 of level 0 is missing"]


def test_an_anchor_that_is_no_checkpoint_of_this_ledger_is_reported(ledger: Audited) -> None:
    ledger.sealed(10)
    other = notes.checkpoint("oms-ledger/other/1", 10, bytes(32), ledger.key)
    report = ledger.verify(Anchor("the safe", other), Anchor("the attic", "rubbish"))
    assert kinds(report) == [("bad_signature", 0, 0)]
    assert "the safe (and 1 more)" in report.findings[0].text


def test_a_crash_may_lose_a_seal_that_was_kept_outside(ledger: Audited) -> None:
    """Seals are not waited for; the log is. The checkpoint outside is then ahead, and right."""
    ledger.sealed(300)
    ledger.grow(200)
    tree = TreeBuilder()
    tree.append(leaf_hashes(ledger.store.leaves(0, 500)))
    ahead = notes.checkpoint(ledger.origin, 500, tree.root(), ledger.key)
    report = ledger.verify(Anchor("the safe", ahead))
    assert report.ok, report.findings
    assert report.events == 500


def test_a_report_is_plain_json(ledger: Audited) -> None:
    ledger.sealed(10)
    with ledger.superuser() as owner:
        owner.execute(STATE, (b"", 3))
    assert ledger.verify().to_json() == {
        "ok": False,
        "origin": ledger.origin,
        "sealed": 10,
        "head": 10,
        "events": 10,
        "checkpoints": 1,
        "anchors": 0,
        "findings": [
            {
                "kind": "changed_event",
                "text": "event 3 has been changed: the bytes in the log are not those that were"
                " sealed",
                "first": 3,
                "last": 3,
            }
        ],
    }
