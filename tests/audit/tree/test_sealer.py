"""Sealing: what a seal writes, which sealer may write it, and the state after failures."""

from __future__ import annotations

import stat
from functools import partial
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.audit.standalone.hashes import INLINE_BYTES, leaf
from oms_ledger.audit.standalone.notes import Note, open_checkpoint, signers, trusted
from oms_ledger.audit.tree import keys
from oms_ledger.audit.tree.merkle import Tile, TreeBuilder, leaf_hashes
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.tree.sealer import Pace, Sealer
from oms_ledger.audit.tree.store import Seal, TreeDamaged
from oms_ledger.audit.verify.tree import verify_tree
from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.settings import Settings
from tests.audit.ledger import Audited, event, insert

SMALL = Pace(page_events=100, seal_events=700, rest=0.0)


def root_of(ledger: Audited, size: int) -> bytes:
    """Of the log itself, hashed by the documented encoding and not by COPY."""
    tree = TreeBuilder()
    rows = ledger.store.events(0, size)
    tree.append(leaf_hashes([leaf(*row) for row in rows]))
    return tree.root()


def test_what_is_sealed_is_the_log(ledger: Audited) -> None:
    ledger.grow(1000)
    assert ledger.seal() == 1000
    state = ledger.store.state()
    assert (state.size, state.root) == (1000, root_of(ledger, 1000))
    checkpoint = open_checkpoint(ledger.newest().note, [ledger.key.verifier])
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (
        ledger.origin,
        1000,
        state.root,
    )


def test_sealing_goes_on_where_it_was(ledger: Audited) -> None:
    for more in (1, 254, 1, 1, 700):
        ledger.grow(more)
        ledger.seal(SMALL)
        size = ledger.store.state().size
        assert ledger.store.state().root == root_of(ledger, size)
    assert ledger.verify().ok


def test_a_long_log_is_sealed_in_parts(ledger: Audited) -> None:
    ledger.grow(2000)
    assert ledger.seal(SMALL) == 2000
    assert [c.size for c in ledger.store.checkpoints((-1, -1), 10)] == [700, 1400, 2000]
    assert ledger.verify().ok


def test_nothing_new_signs_nothing(ledger: Audited) -> None:
    sealer = ledger.sealer()
    assert sealer.step() == 0
    assert not ledger.key_file.exists()
    ledger.grow(3)
    assert sealer.step() == 3
    assert sealer.step() == 0
    assert len(ledger.store.checkpoints((-1, -1), 10)) == 1


texts = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30
)


@given(
    rows=st.lists(
        st.tuples(
            texts,
            st.integers(-(2**63), 2**63 - 1),
            texts,
            st.one_of(
                st.binary(max_size=80),
                st.sampled_from([b"x" * n for n in range(INLINE_BYTES - 1, INLINE_BYTES + 2)]),
            ),
        ),
        max_size=5,
        unique_by=lambda row: row[:2],
    )
)
def test_the_database_sends_the_very_bytes_of_a_leaf(
    kept: Audited, rows: list[tuple[str, int, str, bytes]]
) -> None:
    stored = [(*row, position) for position, row in enumerate(rows, start=701)]
    with kept.database.connect_writer() as writer, writer.transaction(force_rollback=True):
        if stored:
            insert(writer, stored)
        leaves = kept.another_store(writer).leaves(700, 700 + len(rows))
        assert [bytes(each) for each in leaves] == [leaf(row[4], *row[:4]) for row in stored]


def test_two_leaves_are_never_the_same_bytes() -> None:
    assert leaf(1, "a", 1, "bc", b"d") != leaf(1, "ab", 1, "c", b"d")
    assert leaf(1, "a", 1, "b", b"cd") != leaf(1, "a", 1, "bc", b"d")
    long = b"x" * (INLINE_BYTES + 1)
    assert len(leaf(1, "a", 1, "b", long)) < 100
    assert leaf(1, "a", 1, "b", long) != leaf(1, "a", 1, "b", long + b"x")


# Crashes.


class Dies(Exception):
    pass


class DiesWriting(Sealer):
    def _write(self, *_: object) -> None:
        raise Dies


def test_a_sealer_that_dies_before_it_writes_leaves_nothing(ledger: Audited) -> None:
    ledger.sealed(300)
    ledger.grow(300)
    dying = DiesWriting(ledger.store, "main", ledger.key_file)
    with pytest.raises(Dies):
        dying.step()
    assert ledger.store.state().size == 300
    assert ledger.seal() == 600
    assert ledger.verify().ok


def test_a_seal_is_written_whole_or_not_at_all(ledger: Audited) -> None:
    ledger.sealed(10)
    broken = Seal(10, 11, bytes(32), [Tile(0, 0, bytes(33))], "note")
    with pytest.raises(psycopg.errors.CheckViolation):
        ledger.store.seal(broken)
    assert ledger.store.state().size == 10
    assert ledger.verify().ok


def test_the_same_sealer_goes_on_after_a_failure(ledger: Audited) -> None:
    class DiesOnce(Sealer):
        died = False

        def _write(self, *arguments: object) -> None:
            if not self.died:
                self.died = True
                raise Dies
            super()._write(*arguments)  # type: ignore[arg-type]  # passed on as they came

    ledger.grow(300)
    sealer = DiesOnce(ledger.store, "main", ledger.key_file)
    with pytest.raises(Dies):
        sealer.step()
    assert sealer.step() == 300
    assert ledger.verify().ok


def test_a_log_with_a_hole_is_not_signed(ledger: Audited) -> None:
    ledger.append([event(1), event(2), event(4)])
    with pytest.raises(TreeDamaged, match="only 3"):
        ledger.sealer().step()
    assert ledger.store.newest_checkpoint() is None


def test_a_tree_with_changed_newest_tiles_is_not_signed(ledger: Audited) -> None:
    ledger.sealed(300)
    with ledger.superuser() as owner:
        owner.execute(
            "UPDATE merkle_tiles SET hashes = overlay(hashes PLACING '\\x00' FROM 5)"
            " WHERE level = 0 AND index = 1"
        )
    ledger.grow(1)
    with pytest.raises(TreeDamaged, match="300 sealed events"):
        ledger.sealer().step()


# What the database refuses.


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM merkle_tiles",
        "TRUNCATE merkle_tiles",
        "UPDATE merkle_tiles SET hashes = sha256('x') || substring(hashes FROM 33)",
        "UPDATE merkle_tiles SET width = 1, hashes = substring(hashes FOR 32)",
        "UPDATE merkle_tree SET size = 1",
        "UPDATE merkle_tree SET root = sha256('x')",
        "UPDATE merkle_tree SET ledger_id = 'mine', size = size + 1",
        "DELETE FROM merkle_tree",
        "UPDATE merkle_checkpoints SET note = ''",
        "DELETE FROM merkle_checkpoints",
        "UPDATE merkle_keys SET public_key = ''",
        "DELETE FROM merkle_keys",
    ],
)
def test_the_tree_only_grows(kept: Audited, tampering: str) -> None:
    with kept.database.connect_owner() as owner:
        for connection in (kept.connection, owner):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(tampering)


# Keys.


def test_the_key_is_made_once_and_for_its_user_alone(ledger: Audited) -> None:
    ledger.sealed(1)
    assert stat.S_IMODE(ledger.key_file.stat().st_mode) == 0o600
    assert list(ledger.key_file.parent.iterdir()) == [ledger.key_file]
    first = ledger.key.text()
    ledger.sealed(1)
    assert ledger.key.text() == first
    assert [str(ledger.key.verifier)] == keys.verifier_keys(ledger.store)
    with ledger.connection.cursor() as cursor:
        kept = cursor.execute("SELECT * FROM merkle_keys").fetchall()
    assert ledger.key.private.private_bytes_raw() not in [value for row in kept for value in row]


def test_each_ledger_has_a_key_file_of_its_own(ledger: Audited, tmp_path: Path) -> None:
    ledger.grow(1)
    sealer = Sealer(ledger.store, "main", partial(keys.file_for, None, tmp_path, "main"))
    assert sealer.step() == 1
    (file,) = (tmp_path / "keys").iterdir()
    assert file.name == f"main-{ledger.store.state().ledger_id[:8]}.key"
    assert keys.trusted_keys(ledger.store, file) == [keys.read(file).verifier]
    assert keys.trusted_keys(ledger.store, tmp_path / "no") == [keys.read(file).verifier]
    named = Settings(signing_key_file="~/here.key")
    where = keys.file_for(named.signing_key_file, tmp_path, "main", "0123456789")
    assert where == Path.home() / "here.key"


def test_a_key_that_others_may_read_is_refused(ledger: Audited) -> None:
    ledger.sealed(1)
    ledger.key_file.chmod(0o640)
    ledger.grow(1)
    with pytest.raises(Refused, match="chmod 600"):
        ledger.sealer().step()


def test_a_missing_key_is_not_made_again(ledger: Audited) -> None:
    ledger.sealed(1)
    ledger.key_file.unlink()
    ledger.grow(1)
    with pytest.raises(NotFound, match="backup"):
        ledger.sealer().step()


def test_another_key_is_refused(ledger: Audited) -> None:
    ledger.sealed(1)
    ledger.key_file.unlink()
    keys.write(ledger.key_file, SigningKey.generate(ledger.origin))
    ledger.grow(1)
    with pytest.raises(Refused, match="right file"):
        ledger.sealer().step()


def test_a_new_key_takes_over_from_the_old(ledger: Audited) -> None:
    running = ledger.sealer()
    ledger.grow(10)
    running.step()
    old = ledger.key.verifier
    new = keys.rotate(ledger.store, ledger.key_file, ledger.origin)
    assert ledger.key.verifier == new != old
    assert signers(Note.parse(ledger.newest().note), [old, new]) == [old, new]
    ledger.grow(10)
    running.step()
    assert signers(Note.parse(ledger.newest().note), [old, new]) == [new]
    assert [k.from_size for k in ledger.store.signing_keys()] == [0, 10]
    rotations = [k.rotation for k in ledger.store.signing_keys() if k.rotation]
    assert trusted([old], rotations) == [old, new]
    assert trusted([new], rotations) == [new, old]
    assert ledger.verify().ok


def test_a_change_of_keys_that_was_cut_short_is_finished(ledger: Audited) -> None:
    ledger.sealed(10)
    before = ledger.key_file.read_bytes()
    new = keys.rotate(ledger.store, ledger.key_file, ledger.origin)
    ledger.key_file.rename(ledger.key_file.with_name("main.key.new"))
    ledger.key_file.write_bytes(before)
    ledger.key_file.chmod(0o600)
    ledger.sealed(1)
    assert ledger.key.verifier == new


def test_a_lost_key_is_replaced_and_that_shows(ledger: Audited) -> None:
    ledger.sealed(10)
    old = ledger.key.verifier
    ledger.key_file.unlink()
    keys.rotate(ledger.store, ledger.key_file, ledger.origin, lost=True)
    ledger.sealed(10)
    assert [f.kind for f in ledger.verify().findings] == ["unknown_key", "bad_signature"]
    both = ledger.key.verifier, old
    assert verify_tree(ledger.store, ledger.origin, both).ok
