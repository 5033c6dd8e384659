"""The tree and its proofs against a naive RFC 6962, at random sizes and at every edge of a tile."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from oms_ledger.audit.standalone.hashes import (
    EMPTY_ROOT,
    PartialTree,
    extends,
    includes,
    leaf_hash,
    perfect_parts,
)
from oms_ledger.audit.tree.merkle import TreeBuilder, edge_of
from oms_ledger.audit.tree.proofs import RangeHashes, consistency_path, inclusion_path
from tests.audit.tree import naive
from tests.audit.tree.memory_tiles import grown, hashes, whole

EDGES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 65_793, 70_000]

sizes = st.one_of(st.sampled_from(EDGES), st.integers(1, 1200), st.integers(1, 70_000))


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8 % len(value)] ^= 1 << bit % 8
    return bytes(changed)


def inclusion(index: int, size: int) -> list[bytes]:
    return RangeHashes(whole()[1]).over(inclusion_path(index, size))


def consistency(old: int, new: int) -> list[bytes]:
    return RangeHashes(whole()[1]).over(consistency_path(old, new))


def test_an_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert TreeBuilder().root() == EMPTY_ROOT == naive.mth(0, 0)


@example(size=65_793, steps=[65_535, 1])
@given(size=st.integers(1, 1500), steps=st.lists(st.integers(1, 5000), min_size=1, max_size=5))
def test_the_root_is_that_of_the_rfc_however_the_tree_grew(size: int, steps: list[int]) -> None:
    tree, at = TreeBuilder(), 0
    for step in [*steps, size]:
        end = min(size, at + step)
        tree.append(hashes()[32 * at : 32 * end])
        at = end
    assert tree.root() == naive.mth(0, size)


@example(size=65_400, more=700)
@given(size=st.integers(1, 1500), more=st.integers(0, 700))
def test_a_tree_goes_on_from_its_right_edge(size: int, more: int) -> None:
    tree, _ = grown(size, 4096)
    assert [(tile.at, tile.width) for tile in tree.edge()] == edge_of(size)
    again = TreeBuilder(size, tree.edge())
    end = min(70_000, size + more)
    again.append(hashes()[32 * size : 32 * end])
    assert again.root() == naive.mth(0, end)


@given(size=sizes, data=st.data())
def test_inclusion_proofs_follow_the_rfc(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(index, size)
    assert proof == naive.path(index, 0, size)
    assert includes(naive.mth(0, size), size, index, leaf_hash(naive.LEAVES[index]), proof)


@given(new=sizes, data=st.data())
def test_consistency_proofs_follow_the_rfc(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency(old, new)
    assert proof == naive.proof(old, new)
    assert extends(old, naive.mth(0, old), new, naive.mth(0, new), proof)


def test_the_empty_tree_began_every_other() -> None:
    assert consistency(0, 300) == []
    assert extends(0, EMPTY_ROOT, 300, naive.mth(0, 300), [])
    assert not extends(0, naive.mth(0, 1), 300, naive.mth(0, 300), [])
    assert not extends(0, EMPTY_ROOT, 0, naive.mth(0, 1), [])


@given(size=sizes, data=st.data(), bit=st.integers(0, 255))
def test_no_flipped_bit_is_included(size: int, data: st.DataObject, bit: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, leaf, proof = naive.mth(0, size), naive.LEAVES[index], inclusion(index, size)
    assert not includes(root, size, index, leaf_hash(flipped(leaf, bit)), proof)
    assert not includes(flipped(root, bit), size, index, leaf_hash(leaf), proof)
    for place in range(len(proof)):
        forged = [*proof[:place], flipped(proof[place], bit), *proof[place + 1 :]]
        assert not includes(root, size, index, leaf_hash(leaf), forged)


@given(size=sizes, data=st.data())
def test_a_proof_is_for_one_place_in_one_tree(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, hashed, proof = naive.mth(0, size), leaf_hash(naive.LEAVES[index]), inclusion(index, size)
    other = data.draw(st.integers(0, size))
    assume(other != index)
    assert not includes(root, size, other, hashed, proof)
    assert not includes(root, size, index, hashed, [*proof, root])
    assert not includes(root, size, index, hashed, proof[:-1]) or not proof
    assert not includes(root, size, -1, hashed, proof)


@given(new=sizes, data=st.data(), bit=st.integers(0, 255))
def test_no_flipped_bit_is_consistent(new: int, data: st.DataObject, bit: int) -> None:
    old = data.draw(st.integers(1, new))
    first, second, proof = naive.mth(0, old), naive.mth(0, new), consistency(old, new)
    assert not extends(old, flipped(first, bit), new, second, proof)
    assert not extends(old, first, new, flipped(second, bit), proof)
    for place in range(len(proof)):
        forged = [*proof[:place], flipped(proof[place], bit), *proof[place + 1 :]]
        assert not extends(old, first, new, second, forged)
    assert not extends(old, first, new, second, [*proof, second])
    if proof:
        assert not extends(old, first, new, second, proof[:-1])


@given(size=sizes, data=st.data())
def test_a_range_and_what_is_around_it_make_the_root(size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start, min(size, start + 400)))
    tree, source = PartialTree(), RangeHashes(whole()[1])

    def around(first: int, last: int) -> list[bytes]:
        return source.over([(at, at + (1 << h)) for at, h in perfect_parts(first, last)])

    tree.add_parts(0, start, around(0, start))
    for index in range(start, end):
        tree.add(0, leaf_hash(naive.LEAVES[index]))
    tree.add_parts(end, size, around(end, size))
    assert tree.root() == naive.mth(0, size)
