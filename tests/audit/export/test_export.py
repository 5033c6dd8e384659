"""Exports of a real ledger, verified by the stand-alone program."""

from __future__ import annotations

import base64
import builtins
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.audit import standalone
from oms_ledger.audit.export.json_lines import export_customer, export_order, export_range
from oms_ledger.audit.export.parquet import write_parquet
from oms_ledger.audit.standalone.__main__ import main
from oms_ledger.audit.standalone.exports import Verdict, verify_export
from oms_ledger.audit.standalone.hashes import PartialTree, Unproven
from oms_ledger.audit.standalone.notes import open_checkpoint
from oms_ledger.audit.tree import keys, notes
from oms_ledger.audit.tree.merkle import leaf_hashes
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.domain.errors import Invalid, NotFound, Unavailable
from tests.audit.ledger import Audited, Row


def placed(order: str, customer: str) -> bytes:
    terms = {"customer": {"id": customer}}
    return json.dumps({"meta": {}, "data": {"order_id": order, "terms": terms}}).encode()


def names(order: str) -> bytes:
    return b'{"data":{"sku":"A","order_id":"%s"}}' % order.encode()


SHOP: list[Row] = [
    ("stock-A@X", 1, "stock.received.v1", b'{"data":{"sku":"A"}}', 1),
    ("order-1", 1, "order.placed.v1", placed("1", "ann"), 2),
    ("stock-A@X", 2, "stock.allocated.v1", names("1"), 3),
    ("order-2", 1, "order.placed.v1", placed("2", "bob"), 4),
    ("stock-A@X", 3, "stock.allocated.v1", names("2"), 5),
    ("shipment-s1", 1, "shipment.created.v1", names("1"), 6),
    ("order-1", 2, "order.units_packed.v1", names("1"), 7),
    ("shipment-s1", 2, "shipment.labelled.v1", b'{"data":{"shipment_id":"s1"}}', 8),
    ("order-3", 1, "order.placed.v1", placed("3", "ann"), 9),
    ("order-11", 1, "order.placed.v1", placed("11", "ann2"), 10),
]


def positions(lines: Iterable[str]) -> list[int]:
    return [row["position"] for line in lines if "position" in (row := json.loads(line))]


def checked(ledger: Audited, lines: Iterable[str]) -> Verdict:
    return verify_export(lines, [ledger.key.verifier])


@pytest.fixture
def shop(ledger: Audited) -> Audited:
    ledger.append([(*row[:4], row[4]) for row in SHOP])
    ledger.seal()
    ledger.sealed(300)
    return ledger


@pytest.mark.parametrize(("first", "last"), [(1, 700), (1, 1), (700, 700), (200, 300), (257, 257)])
def test_a_range_is_proven(kept: Audited, first: int, last: int) -> None:
    lines = list(export_range(kept.store, first, last))
    assert positions(lines) == list(range(first, last + 1))
    verdict = checked(kept, lines)
    assert (verdict.events, verdict.first, verdict.last) == (last - first + 1, first, last)
    states = [base64.b64decode(json.loads(line)["state"]) for line in lines[1:-2]]
    assert states == [row.state for row in kept.store.events(first - 1, last)]


def test_a_range_is_proven_against_an_older_checkpoint(shop: Audited) -> None:
    verdict = checked(shop, export_range(shop.store, 3, 9, tree_size=10))
    assert verdict.checkpoint.size == 10


def test_an_order_has_its_shipments_and_its_stock(shop: Audited) -> None:
    lines = list(export_order(shop.store, "1"))
    assert positions(lines) == [2, 3, 6, 7, 8]
    assert checked(shop, lines).events == 5


def test_a_customer_has_all_orders(shop: Audited) -> None:
    lines = list(export_customer(shop.store, "ann"))
    assert positions(lines) == [2, 3, 6, 7, 8, 9]
    assert checked(shop, lines).events == 6


def test_what_is_not_there_is_not_exported(shop: Audited) -> None:
    for lines in (export_order(shop.store, "99"), export_customer(shop.store, "nobody")):
        with pytest.raises(NotFound, match="Check the id"):
            list(lines)
    with pytest.raises(NotFound, match="of 11 events"):
        list(export_range(shop.store, 1, 2, tree_size=11))
    for first, last in ((0, 3), (3, 2), (300, 311)):
        with pytest.raises(Invalid, match="sealed"):
            list(export_range(shop.store, first, last))


def test_what_was_changed_in_the_log_is_not_proven(shop: Audited) -> None:
    with shop.superuser() as owner:
        owner.execute("UPDATE ledger_events SET state = '' WHERE notification_id = 7")
    with pytest.raises(Unproven, match="event 7 is not the one"):
        checked(shop, export_order(shop.store, "1"))
    with pytest.raises(Unproven, match="events 5 to 9 are not those"):
        checked(shop, export_range(shop.store, 5, 9))


def test_an_order_without_one_of_its_events_is_not_whole(shop: Audited) -> None:
    lines = list(export_order(shop.store, "1"))
    without_the_first = [lines[0], *lines[2:-1], '{"end":{"events":4}}']
    with pytest.raises(Unproven, match="version 1 of order-1 is missing"):
        checked(shop, without_the_first)
    only_stock = [lines[0], lines[2], '{"end":{"events":1}}']
    with pytest.raises(Unproven, match="no event of order 1"):
        checked(shop, only_stock)


def forged(lines: list[str], at: int, **changed: object) -> list[str]:
    return [*lines[:at], json.dumps(json.loads(lines[at]) | changed), *lines[at + 1 :]]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda e: e[:-1], "no end"),
        (lambda e: e[:-2] + e[-1:], "proof of the range is missing"),
        (lambda e: e[:2] + e[3:], "event 6 is missing"),
        (lambda e: [*e[:2], e[3], e[2], *e[4:]], "event 6 is missing"),
        (lambda e: [*e, e[-1]], "after the end"),
        (lambda e: ["{}", *e[1:]], "no header"),
        (lambda e: [], "empty"),
        (lambda e: [e[0], "not json", *e[1:]], "line 2 is no JSON"),
        (lambda e: [e[0], "[]", *e[1:]], "line 2 is no JSON"),
        (lambda e: forged(e, 2, state="!"), "not base64"),
        (lambda e: forged(e, 2, version="1"), "line 3 is malformed"),
        (lambda e: forged(e, 2, version=9), "not those that were sealed"),
        (lambda e: forged(e, 2, stream="order-9"), "not those that were sealed"),
        (lambda e: forged(e, 2, type="order.placed.v9"), "not those that were sealed"),
        (lambda e: forged(e, 0, of={"range": [5, 10]}), "not those of the range"),
        (lambda e: forged(e, 0, left=[]), "another number of hashes"),
        (lambda e: forged(e, -1, end={"events": 4}), "5 events of 4"),
        (lambda e: forged(e, 0, checkpoint="x"), "no signed note"),
    ],
)
def test_a_forged_export_is_refused(kept: Audited, change: object, why: str) -> None:
    lines = list(export_range(kept.store, 5, 9))
    assert callable(change)
    with pytest.raises(Unproven, match=why):
        checked(kept, change(lines))


@given(at=st.integers(0, 10_000), to=st.sampled_from('0aZ+/="{}[]:,\\ \n'))
def test_no_changed_character_of_an_export_is_taken_for_another_event(
    kept: Audited, at: int, to: str
) -> None:
    lines = list(export_range(kept.store, 5, 9))
    text = "".join(lines)
    at %= len(text)
    changed = text[:at] + to + text[at + 1 :]
    try:
        checked(kept, changed.splitlines())
    except Unproven:
        return
    rows = [json.loads(line) for line in changed.splitlines()]
    before = [json.loads(line) for line in lines]
    named = ("position", "stream", "version", "type")
    for row, was in zip(rows, before, strict=True):
        assert [row.get(name) for name in named] == [was.get(name) for name in named]
        if "state" in was:
            assert base64.b64decode(row["state"]) == base64.b64decode(was["state"])


# The program.


@pytest.fixture
def file(shop: Audited, tmp_path: Path) -> Path:
    path = tmp_path / "order.jsonl"
    path.write_text("".join(export_order(shop.store, "1")))
    return path


def test_the_program_reports_a_proven_ledger(
    shop: Audited, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(file), "--key", str(shop.key.verifier)]) == 0
    output = capsys.readouterr().out
    assert output.startswith("PROVEN: 5 events, positions 2 to 8")
    assert shop.origin in output


def test_the_program_reports_what_is_not_proven(
    shop: Audited, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_text(f"{SigningKey.generate(shop.origin).verifier}\n")
    assert main([str(file), "--key", str(key)]) == 1
    assert "no key that is trusted" in capsys.readouterr().out
    assert main([str(tmp_path / "nothing"), "--key", str(shop.key.verifier)]) == 1


def test_the_program_compares_with_a_checkpoint_that_came_another_way(
    shop: Audited, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given_to_it = tmp_path / "checkpoint"
    arguments = [str(file), "--key", str(shop.key.verifier), "--checkpoint", str(given_to_it)]
    given_to_it.write_text(shop.newest().note)
    assert main(arguments) == 0
    given_to_it.write_text(notes.checkpoint(shop.origin, 310, bytes(32), shop.key))
    assert main(arguments) == 1
    assert "another history" in capsys.readouterr().out
    shop.sealed(1)
    given_to_it.write_text(shop.newest().note)
    assert main(arguments) == 1
    assert "tree_size=311" in capsys.readouterr().out


def test_an_old_key_opens_what_its_successor_signed(shop: Audited) -> None:
    old = shop.key.verifier
    keys.rotate(shop.store, shop.key_file, shop.origin)
    shop.sealed(1)
    assert verify_export(export_range(shop.store, 1, 311), [old]).events == 311


def test_the_program_needs_nothing_of_the_ledger(shop: Audited, file: Path, tmp_path: Path) -> None:
    """A copy of its folder, in an interpreter that cannot see this project."""
    source = Path(standalone.__file__).parent
    copy = tmp_path / "copy" / "standalone"
    copy.mkdir(parents=True)
    for each in source.glob("*.py"):
        (copy / each.name).write_bytes(each.read_bytes())
    program = (
        "import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); sys.modules['oms_ledger'] = None;"
        "runpy.run_module('standalone', run_name='__main__', alter_sys=True)"
    )
    run = [sys.executable, "-I", "-c", program, str(copy.parent), "-", "--key"]
    for key, code in ((shop.key, 0), (SigningKey.generate(shop.origin), 1)):
        done = subprocess.run(
            [*run, str(key.verifier)], input=file.read_bytes(), capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (code, b"")


# Size, and Parquet.


def test_a_long_export_takes_little_memory(ledger: Audited) -> None:
    with ledger.database.connect_writer() as writer, writer.transaction():
        writer.execute(
            "INSERT INTO ledger_events SELECT 'order-' || n, 1, 't', convert_to(repeat('x', 2000),"
            " 'UTF8'), n FROM generate_series(1, 30000) n"
        )
        writer.execute("UPDATE ledger_head SET position = 30000")
    ledger.seal()
    tracemalloc.start()
    try:
        verdict = checked(ledger, export_range(ledger.store, 1, 30_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert verdict.events == 30_000
    assert peak < 30_000 * 2000 / 3


def test_a_range_as_parquet_proves_the_same(shop: Audited, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "range.parquet"
    assert write_parquet(shop.store, file, 5, 300) == 296
    table = pq.read_table(file)
    header = json.loads(table.schema.metadata[b"oms-ledger"])
    checkpoint = open_checkpoint(header["checkpoint"], [shop.key.verifier])
    tree = PartialTree()
    tree.add_parts(0, 4, [base64.b64decode(h) for h in header["left"]])
    for hashed in table.column("leaf_hash").to_pylist():
        tree.add(0, hashed)
    tree.add_parts(300, checkpoint.size, [base64.b64decode(h) for h in header["right"]])
    assert tree.root() == checkpoint.root
    assert b"".join(table.column("leaf_hash").to_pylist()) == leaf_hashes(shop.store.leaves(4, 300))
    rows = [tuple(row.values())[:5] for row in table.to_pylist()]
    assert rows == [tuple(row) for row in shop.store.events(4, 300)]


def test_without_pyarrow_the_error_names_the_package_to_install(
    shop: Audited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return imported(name, *rest)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Unavailable, match=r"oms-ledger\[parquet\]"):
        write_parquet(shop.store, tmp_path / "x", 1, 2)
