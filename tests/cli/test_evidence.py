"""Verify, checkpoint, prove and export, as an auditor and an operator type them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the library has no types
import pytest

from oms_ledger.audit.standalone import __main__ as standalone
from oms_ledger.audit.standalone.hashes import extends, includes, leaf_hash, unb64
from oms_ledger.audit.standalone.notes import Checkpoint, VerifierKey, open_checkpoint
from tests.audit.anchors.s3_store import s3_store, use
from tests.audit.ledger import superuser
from tests.cli.conftest import Run
from tests.databases import Database

ORDER = {
    "channel": "web",
    "currency": "GBP",
    "lines": [{"sku": "MUG", "quantity": 2, "unit_price": "2.55"}],
    "customer": {"id": "c-1", "name": "Ada Lovelace"},
    "external_id": "A-1",
}


@pytest.fixture
def shop(run: Run) -> Run:
    """A ledger of some events, none of them sealed yet."""
    run("do", "PutLocation", '{"code": "LEEDS", "name": "Leeds"}')
    run("do", "ReceiveStock", '{"sku": "MUG", "location": "LEEDS", "quantity": 5}')
    run("do", "PlaceOrder", json.dumps(ORDER))
    return run


def checkpoint(run: Run) -> tuple[Checkpoint, VerifierKey]:
    key = VerifierKey.parse(run("checkpoint", "keys").stdout.splitlines()[-1])
    return open_checkpoint(run("checkpoint", "show").stdout, [key]), key


def test_a_ledger_is_sealed_shown_and_kept_outside(shop: Run, tmp_path: Path) -> None:
    assert "Nothing has been sealed" in shop("checkpoint", "show", code=4).stderr
    assert "Nothing has been signed" in shop("checkpoint", "keys").stderr
    assert "6 events are sealed" in shop("checkpoint", "seal").stderr
    newest, _ = checkpoint(shop)
    assert newest.size == 6
    assert json.loads(shop("checkpoint", "show", "--json").stdout)["size"] == 6
    safe = tmp_path / "safe.txt"
    assert "6 events" in shop("checkpoint", "export", str(safe)).stderr
    assert safe.read_text().strip() == shop("checkpoint", "show").stdout.strip()
    shop("checkpoint", "export", f"file:{safe}")
    assert safe.read_text().count("oms-ledger/main/") == 4, "twice, each with who signed"
    assert "no place for checkpoints" in shop("checkpoint", "export", "ftp://x", code=2).stderr


def test_proofs_hold_against_the_checkpoint(shop: Run) -> None:
    shop("checkpoint", "seal")
    old, _ = checkpoint(shop)
    shop("do", "ReceiveStock", '{"sku": "CUP", "location": "LEEDS", "quantity": 5}')
    shop("checkpoint", "seal")
    new, _ = checkpoint(shop)
    proof = json.loads(shop("prove", "inclusion", "3").stdout)
    hashes = [unb64(h) for h in proof["hashes"]]
    assert includes(new.root, proof["tree_size"], 2, leaf_hash(unb64(proof["leaf"])), hashes)
    older = json.loads(shop("prove", "inclusion", "3", "--size", str(old.size)).stdout)
    assert older["tree_size"] == old.size
    grown = json.loads(shop("prove", "consistency", str(old.size)).stdout)
    hashes = [unb64(h) for h in grown["hashes"]]
    assert extends(old.size, old.root, new.size, new.root, hashes)
    assert "from 1 to" in shop("prove", "inclusion", "99", code=2).stderr


def test_exports_are_verified_by_the_program_that_has_nothing_else(
    shop: Run, tmp_path: Path
) -> None:
    shop("checkpoint", "seal")
    _, key = checkpoint(shop)
    for words in (("range", "2", "5"), ("order", "A-1"), ("customer", "c-1")):
        file = tmp_path / f"{words[0]}.jsonl"
        shop("export", *words, "--out", str(file))
        assert standalone.main([str(file), "--key", str(key)]) == 0, words
        assert file.read_text() == shop("export", *words).stdout
    assert "not all among the 6" in shop("export", "range", "1", "7", code=2).stderr
    assert not (tmp_path / "none").exists()
    shop("export", "order", "none", "--out", str(tmp_path / "none"), code=4)
    assert not (tmp_path / "none").exists(), "no file of nothing"


def test_a_range_is_written_as_parquet(shop: Run, tmp_path: Path) -> None:
    shop("checkpoint", "seal")
    file = tmp_path / "some.parquet"
    shop("export", "range", "2", "5", "--format", "parquet", "--out", str(file))
    assert pq.read_table(file).column("position").to_pylist() == [2, 3, 4, 5]
    output = shop("export", "range", "2", "5", "--format", "parquet", code=2).stderr
    assert "Name the file" in output


def test_a_key_hands_over_to_the_next(shop: Run) -> None:
    assert "no key to change" in shop("checkpoint", "rotate-key", code=3).stderr
    shop("checkpoint", "seal")
    _, old = checkpoint(shop)
    new = shop("checkpoint", "rotate-key").stdout.strip()
    keys = json.loads(shop("checkpoint", "keys", "--json").stdout)
    assert [k["key"] for k in keys] == [str(old), new]
    shop("verify", "--no-read-models", "--key", str(old))
    assert "Tell all who verify" in shop("checkpoint", "rotate-key", "--lost").stderr
    refused = shop("verify", "--no-read-models", "--key", str(old), code=1)
    assert "unknown_key" in refused.stderr


def test_a_verification_is_shown_filed_and_kept(shop: Run, tmp_path: Path) -> None:
    shop("checkpoint", "seal")
    safe, file = tmp_path / "safe.txt", tmp_path / "report.md"
    shop("checkpoint", "export", str(safe))
    shown = shop("verify", "--checkpoint", str(safe), "--report", str(file)).stderr
    assert "agrees" in shown
    assert "differs" not in shown
    filed = file.read_text()
    assert filed.startswith("# Verification of ledger main: nothing is wrong")
    assert "1 to 6 of 6; 6 sealed" in filed
    assert "5.10 GBP" in filed
    assert str(safe) in filed
    kept = json.loads(file.with_suffix(".json").read_text())
    words = ("--json", "--no-read-models", "--checkpoint", str(safe))
    report = json.loads(shop("verify", *words).stdout)
    assert report["checks"] == kept["checks"][: len(report["checks"])]
    assert (report["ok"], report["anchors"]) == (kept["ok"], kept["anchors"]) == (True, [str(safe)])
    assert "Read models, as was asked for." in report["left_out"]


def test_checkpoints_are_kept_in_a_bucket_and_read_back_from_there(
    shop: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop("checkpoint", "seal")
    with s3_store() as store:
        use(monkeypatch, store.environment)
        assert "s3://evidence/ledger" in shop("checkpoint", "export", store.place()).stderr
        words = ("verify", "--no-read-models", "--json")
        for more in (("--checkpoint", store.place()), ()):
            verified = json.loads(shop(*words, *more).stdout)
            assert (verified["ok"], verified["anchors"]) == (True, ["s3://evidence/ledger"])
            monkeypatch.setenv("OMS_ANCHORS", store.place())
    output = shop("verify", "--checkpoint", "https://bucket.example/x", code=2).stderr
    assert "cannot be read back" in output


def test_what_is_wrong_is_named_and_repaired(shop: Run, postgres: Database, tmp_path: Path) -> None:
    shop("checkpoint", "seal")
    shop("projections", "catch-up")
    with superuser(postgres) as owner:
        owner.execute("UPDATE stock SET on_hand = 7")
    file = tmp_path / "report.md"
    output = shop("verify", "--report", str(file), code=1).stderr
    assert "read_model_differs" in output
    assert "expected on_hand 5; found on_hand 7" in output
    assert "**read_model_differs**: stock_levels: the row of stock with sku MUG" in file.read_text()
    assert "made anew" in shop("verify", "--repair", code=1).stderr
    shop("verify")


def test_missing_seals_keys_and_files_are_reported(shop: Run, tmp_path: Path) -> None:
    output = shop("verify", "--no-read-models").stderr
    assert "6 newest events are not sealed yet" in output
    assert "--checkpoint FILE" in output
    assert "no verifier key" in shop("verify", "--key", "rubbish", code=2).stderr
    assert "no file" in shop("verify", "--checkpoint", str(tmp_path / "x"), code=4).stderr
    assert "positions 1 to 6" in shop("verify", "--until", "7", code=2).stderr
    shop("verify", "--until", "3")
