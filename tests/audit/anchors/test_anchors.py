"""Anchor stores: a file, and a bucket and a witness on a real port; and the anchor schedule."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tlog_scales import signing, tlog

from oms_ledger.audit.anchors.bucket import HttpBucket
from oms_ledger.audit.anchors.file import CheckpointFile, split_notes
from oms_ledger.audit.anchors.schedule import AnchorSchedule, anchor_store, anchor_stores
from oms_ledger.audit.anchors.witness import Witness
from oms_ledger.audit.standalone.notes import COSIGNATURE, VerifierKey, open_checkpoint
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.domain.errors import Invalid, Refused, Unavailable
from oms_ledger.engine.work.loops import WorkFailed
from tests.audit.anchors.servers import Server, serving
from tests.audit.ledger import Audited, kinds
from tests.audit.verify.test_tree import STATE, cut_all, rebuild, resign


@pytest.fixture
def outside() -> Iterator[Server]:
    with serving() as server:
        yield server


def test_a_file_keeps_every_checkpoint_that_is_given_to_it(ledger: Audited, tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "checkpoints")
    for _ in range(3):
        ledger.sealed(300)
        file.keep(ledger.newest(), Prover(ledger.store))
    keys = [ledger.key.verifier]
    assert [open_checkpoint(anchor.note, keys).size for anchor in file.anchors()] == [300, 600, 900]
    assert ledger.verify(*file.anchors()).ok
    with ledger.superuser() as owner:
        cut_all(owner, ledger, 300)
    assert kinds(ledger.verify(*file.anchors())) == [
        ("truncated_tail", 301, 600),
        ("truncated_tail", 301, 900),
    ]


def test_a_truncated_file_is_reported(tmp_path: Path) -> None:
    note = "a\n1\nx\n\n\N{EM DASH} name sig\n"
    assert split_notes(note + "\n" + note + note) == [note] * 3
    with pytest.raises(Invalid, match="2 checkpoints"):
        split_notes(note + note + "a\n2\n")


def test_a_file_that_cannot_be_written_is_unavailable(ledger: Audited, tmp_path: Path) -> None:
    ledger.sealed(1)
    with pytest.raises(Unavailable, match="cannot be written"):
        CheckpointFile(tmp_path / "no" / "folder").keep(ledger.newest(), Prover(ledger.store))


def test_a_bucket_gets_an_object_for_each(ledger: Audited, outside: Server) -> None:
    bucket = HttpBucket(f"{outside.url}/bucket/ledger?token=1", {"Authorization": "Bearer x"})
    ledger.sealed(300)
    for _ in range(2):  # again is no harm
        assert bucket.keep(ledger.newest(), Prover(ledger.store)) == ledger.newest().note
    path = "/bucket/ledger/000000000300.checkpoint?token=1"
    assert outside.objects == {path: ledger.newest().note.encode()}
    assert outside.headers[0]["Authorization"] == "Bearer x"
    assert ledger.verify(bucket.fetch(300)).ok


def test_a_bucket_that_holds_another_history_is_an_alarm(ledger: Audited, outside: Server) -> None:
    bucket = HttpBucket(outside.url)
    ledger.sealed(300)
    bucket.keep(ledger.newest(), Prover(ledger.store))
    with ledger.superuser() as owner:
        owner.execute(STATE, (b"forged", 5))
        resign(owner, ledger, ledger.key, rebuild(owner, ledger), 300)
    with pytest.raises(Refused, match="another history"):
        bucket.keep(ledger.newest(), Prover(ledger.store))


def witness(ledger: Audited, outside: Server) -> Witness:
    outside.trusted = [str(ledger.key.verifier)]
    return Witness(outside.url, [outside.key])


def test_a_witness_signs_what_only_grew(ledger: Audited, outside: Server) -> None:
    ledger.sealed(300)
    cosigner = witness(ledger, outside)
    for _ in range(2):
        note = cosigner.keep(ledger.newest(), Prover(ledger.store))
        checkpoint = tlog.Checkpoint.from_text(note)
        checkpoint.verify(signing.Vkey.from_string(str(outside.key)))
        assert open_checkpoint(note, [outside.key]).size == checkpoint.size
        ledger.sealed(400)
    assert outside.signed[ledger.origin][0] == 700
    assert ledger.verify(Anchor(outside.url, note)).ok


def test_a_new_process_learns_from_the_witness_which_size_it_has_signed(
    ledger: Audited, outside: Server
) -> None:
    ledger.sealed(300)
    witness(ledger, outside).keep(ledger.newest(), Prover(ledger.store))
    ledger.sealed(1)
    witness(ledger, outside).keep(ledger.newest(), Prover(ledger.store))
    assert outside.signed[ledger.origin][0] == 301
    witness(ledger, outside).keep(ledger.newest(), Prover(ledger.store))


def test_a_witness_refuses_a_ledger_that_was_truncated(ledger: Audited, outside: Server) -> None:
    ledger.sealed(300, 300)
    witness(ledger, outside).keep(ledger.newest(), Prover(ledger.store))
    with ledger.superuser() as owner:
        cut_all(owner, ledger, 300)
    with pytest.raises(Refused, match="600 events, and the ledger has 300"):
        witness(ledger, outside).keep(ledger.newest(), Prover(ledger.store))


def test_a_witness_does_not_sign_another_history(ledger: Audited, outside: Server) -> None:
    ledger.sealed(300)
    cosigner = witness(ledger, outside)
    cosigner.keep(ledger.newest(), Prover(ledger.store))
    with ledger.superuser() as owner:
        owner.execute(STATE, (b"forged", 5))
        resign(owner, ledger, ledger.key, rebuild(owner, ledger), 300)
    ledger.sealed(10)
    with pytest.raises(Refused, match="another history"):
        cosigner.keep(ledger.newest(), Prover(ledger.store))


def test_a_witness_that_does_not_know_the_ledger_is_unavailable(
    ledger: Audited, outside: Server
) -> None:
    ledger.sealed(1)
    with pytest.raises(Unavailable, match="404"):
        Witness(outside.url, [outside.key]).keep(ledger.newest(), Prover(ledger.store))


def test_a_witness_of_another_key_has_not_signed(ledger: Audited, outside: Server) -> None:
    ledger.sealed(1)
    outside.trusted = [str(ledger.key.verifier)]
    other = VerifierKey("w.example", SigningKey.generate("x").verifier.public, COSIGNATURE)
    with pytest.raises(Refused, match="none of the keys"):
        Witness(outside.url, [other]).keep(ledger.newest(), Prover(ledger.store))


def test_anchoring_goes_on_without_the_place_that_is_down(
    ledger: Audited, outside: Server, tmp_path: Path
) -> None:
    ledger.sealed(10)
    outside.down = True
    file = CheckpointFile(tmp_path / "checkpoints")
    anchoring = AnchorSchedule(ledger.store, [HttpBucket(outside.url), file])
    assert anchoring.step() == 1
    assert anchoring.step() == 1
    with pytest.raises(WorkFailed, match=rf"1 of 2 anchor stores .*: {outside.url}"):
        anchoring.attempt(threading.Event())
    assert len(file.anchors()) == 1, "a checkpoint is kept once"
    outside.down = False
    assert anchoring.step() == 2
    assert anchoring.attempt(threading.Event())
    assert len(outside.objects) == 1


def test_anchoring_raises_an_alarm(ledger: Audited, outside: Server) -> None:
    ledger.sealed(300, 300)
    cosigner, alarms, stop = witness(ledger, outside), list[str](), threading.Event()
    cosigner.keep(ledger.newest(), Prover(ledger.store))
    with ledger.superuser() as owner:
        cut_all(owner, ledger, 300)

    def alarm(text: str) -> None:
        alarms.append(text)
        stop.set()

    schedule = AnchorSchedule(ledger.store, [witness(ledger, outside)], alarm)
    with pytest.raises(WorkFailed, match="1 of 1 anchor stores lack the newest checkpoint"):
        schedule.attempt(stop)
    assert "its end is missing" in alarms[0]


def test_an_unreachable_store_is_unavailable(ledger: Audited) -> None:
    ledger.sealed(1)
    for where in (HttpBucket("http://127.0.0.1:1"), Witness("http://127.0.0.1:1", [])):
        with pytest.raises(Unavailable, match="does not answer"):
            where.keep(ledger.newest(), Prover(ledger.store))


def test_places_are_written_as_text() -> None:
    key = VerifierKey("w.example", bytes(32), COSIGNATURE)
    assert anchor_store("file:/safe/checkpoints") == CheckpointFile(Path("/safe/checkpoints"))
    assert anchor_store("https://s3.example/bucket") == HttpBucket("https://s3.example/bucket")
    assert anchor_store(f"witness+https://w.example#{key}") == Witness("https://w.example", [key])
    assert anchor_stores(f" file:a  witness+http://w#{key}\n") == [
        CheckpointFile(Path("a")),
        Witness("http://w", [key]),
    ]
    for wrong in ("", "ftp://x", "witness+https://w.example", "witness+https://w.example#x"):
        with pytest.raises(Invalid):
            anchor_store(wrong)
