"""An independent implementation of the same formats: tlog-scales, for C2SP tlog-tiles logs.

Its proof checks are those of RFC 9162 line by line, its tile reader makes proofs from our tiles,
and its notes verify our checkpoints. It is a dependency of the tests alone.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import signing, tlog
from tlog_scales.reader import TilesReader

from oms_ledger.audit.standalone.hashes import leaf_hash
from oms_ledger.audit.standalone.notes import VerifierKey, open_checkpoint
from oms_ledger.audit.tree import notes, tiles
from oms_ledger.audit.tree.merkle import TILE_WIDTH
from oms_ledger.audit.tree.notes import SigningKey
from tests.audit.tree import naive
from tests.audit.tree.memory_tiles import Shelf, whole
from tests.audit.tree.test_merkle import consistency, inclusion, sizes

ORIGIN = "oms-ledger/main/0123456789abcdef"
KEY = SigningKey.generate(ORIGIN)


@given(size=sizes, data=st.data())
def test_inclusion_proofs_are_accepted_and_those_of_other_trees_refused(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = tlog.InclusionProof(index, size, inclusion(index, size))
    proof.check(leaf_hash(naive.LEAVES[index]), naive.mth(0, size))
    with pytest.raises(tlog.InclusionProofInvalid):
        proof.check(leaf_hash(naive.LEAVES[index]), naive.mth(1, size + 1))
    with pytest.raises(tlog.InclusionProofInvalid):
        proof.check(leaf_hash(b"another"), naive.mth(0, size))


@given(new=sizes, data=st.data())
def test_consistency_proofs_are_accepted_and_those_of_other_trees_refused(
    new: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, new))
    proof = tlog.ConsistencyProof(old, new, consistency(old, new))
    proof.check(naive.mth(0, old), naive.mth(0, new))
    with pytest.raises(tlog.ConsistencyProofInvalid):
        proof.check(naive.mth(0, old), naive.mth(1, new + 1))
    with pytest.raises(tlog.ConsistencyProofInvalid):
        proof.check(naive.mth(1, old + 1), naive.mth(0, new))


class Served:
    """Our tiles under the paths that the specification gives them."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def get(self, *path: str) -> bytes | None:
        assert path[0] == "tile"
        level, index, width = tiles.parse_path("/".join(path[1:]))
        assert level is not None
        tile = self.shelf.stored.get((level, index))
        if tile is None or len(tile) < 32 * width:
            return None
        return tile[: 32 * width]


@given(size=st.integers(1, 69_000), data=st.data())
def test_an_independent_reader_makes_the_same_proofs_from_our_tiles(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    reader = TilesReader(Served(whole()[1]))
    reader.set_size(size)
    assert reader.calculate_root_hash() == naive.mth(0, size)
    assert reader.get_inclusion_proof(index, size).node_hashes == inclusion(index, size)
    assert reader.get_consistency_proof(old, size).node_hashes == consistency(old, size)


def test_our_checkpoint_is_verified_with_our_verifier_key() -> None:
    note = notes.checkpoint(ORIGIN, 300, naive.mth(0, 300), KEY)
    checkpoint = tlog.Checkpoint.from_text(note)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root_hash) == (
        ORIGIN,
        300,
        naive.mth(0, 300),
    )
    checkpoint.verify(signing.Vkey.from_string(str(KEY.verifier)))
    other = signing.Vkey.from_string(str(SigningKey.generate(ORIGIN).verifier))
    with pytest.raises(RuntimeError, match="no signature matched"):
        checkpoint.verify(other)


def test_our_verifier_accepts_an_independent_checkpoint() -> None:
    signer = signing.PlainEd25519Signer("example.com/log", KEY.private.private_bytes_raw())
    made = tlog.Checkpoint.make_signed("example.com/log", 7, naive.mth(0, 7), [signer])
    key = str(signer.vkey.serialize())  # type: ignore[no-untyped-call]  # half typed over there
    checkpoint = open_checkpoint(made.serialize(), [VerifierKey.parse(key)])
    assert (checkpoint.size, checkpoint.root) == (7, naive.mth(0, 7))


def test_the_paths_of_tiles_are_those_of_the_specification() -> None:
    assert tiles.path(0, 1_234_067) == "0/x001/x234/067"
    assert tiles.path(1, 273, 112) == "1/273.p/112"
    assert tiles.path(None, 0) == "entries/000"
    assert TILE_WIDTH == 256
