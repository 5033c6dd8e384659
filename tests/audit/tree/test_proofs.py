"""Proofs and tiles out of a real ledger, as the API answers them."""

from __future__ import annotations

import base64
from typing import cast

import pytest

from oms_ledger.audit.standalone.hashes import INLINE_BYTES, extends, includes, leaf, leaf_hash
from oms_ledger.audit.tree import tiles
from oms_ledger.audit.tree.merkle import parents
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import TreeDamaged
from oms_ledger.domain.errors import Invalid, NotFound
from tests.audit.ledger import Audited, event


def raw(answer: object) -> list[bytes]:
    return [base64.b64decode(each) for each in cast(list[str], answer)]


def test_inclusion_is_answered_with_the_bytes_that_are_hashed(ledger: Audited) -> None:
    ledger.sealed(700, 300)
    prover = Prover(ledger.store)
    answer = prover.inclusion(600)
    assert answer.keys() == {"position", "leaf", "tree_size", "hashes"}
    assert (answer["position"], answer["tree_size"]) == (600, 1000)
    stream, version, topic, state, position = event(600)
    bytes_of_it = base64.b64decode(str(answer["leaf"]))
    assert bytes_of_it == leaf(position, stream, version, topic, state)
    hashes = raw(answer["hashes"])
    assert includes(ledger.newest().root, 1000, 599, leaf_hash(bytes_of_it), hashes)
    older = prover.inclusion(600, 700)
    root = prover.root(700)
    assert includes(root, 700, 599, leaf_hash(bytes_of_it), raw(older["hashes"]))
    assert root != ledger.newest().root


def test_consistency_is_answered_between_any_two_sizes(ledger: Audited) -> None:
    ledger.sealed(700, 300)
    prover = Prover(ledger.store)
    answer = prover.consistency(700)
    assert (answer["from"], answer["to"]) == (700, 1000)
    hashes = raw(answer["hashes"])
    assert extends(700, prover.root(700), 1000, ledger.newest().root, hashes)
    assert not extends(699, prover.root(699), 1000, ledger.newest().root, hashes)
    assert prover.consistency(0, 0)["hashes"] == []


def test_a_prover_follows_the_tree_as_it_grows(ledger: Audited) -> None:
    ledger.sealed(10)
    prover = Prover(ledger.store)
    prover.inclusion(10)
    ledger.sealed(300)
    leaf_of_it = base64.b64decode(str(prover.inclusion(310)["leaf"]))
    hashes = raw(prover.inclusion(310)["hashes"])
    assert includes(ledger.newest().root, 310, 309, leaf_hash(leaf_of_it), hashes)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda p: p.inclusion(0), "position"),
        (lambda p: p.inclusion(701), "position"),
        (lambda p: p.inclusion(8, 7), "position"),
        (lambda p: p.inclusion(1, 701), "tree_size"),
        (lambda p: p.inclusion(1, -1), "tree_size"),
        (lambda p: p.consistency(701), "from"),
        (lambda p: p.consistency(-1), "from"),
        (lambda p: p.consistency(1, 701), "to"),
    ],
)
def test_what_is_not_in_the_tree_is_refused_by_name(
    kept: Audited, call: object, field: str
) -> None:
    assert callable(call)
    with pytest.raises(Invalid) as refused:
        call(Prover(kept.store))
    assert refused.value.errors[0]["field"] == field


def test_before_the_first_seal_there_is_no_checkpoint(ledger: Audited) -> None:
    with pytest.raises(NotFound, match="Start a worker"):
        Prover(ledger.store).checkpoint()


def test_a_damaged_tree_proves_nothing(ledger: Audited) -> None:
    ledger.sealed(1000)
    with ledger.superuser() as owner:
        owner.execute("DELETE FROM merkle_tiles WHERE level = 0 AND index = 1")
    with pytest.raises(TreeDamaged, match="tile 1 of level 0"):
        Prover(ledger.store).inclusion(300)


# Tiles and bundles as files.


def test_tiles_are_served_by_their_paths(kept: Audited) -> None:
    full, partial = tiles.resource(kept.store, "0/000"), tiles.resource(kept.store, "0/002.p/9")
    assert (len(full), len(partial)) == (256 * 32, 9 * 32)
    above = tiles.resource(kept.store, "1/000.p/2")
    hashes = full
    while len(hashes) > 32:
        hashes = parents(hashes)
    assert above[:32] == hashes


def test_an_older_partial_tile_is_still_served(ledger: Audited) -> None:
    ledger.sealed(300)
    before = tiles.resource(ledger.store, "0/001.p/44")
    ledger.sealed(700)
    assert tiles.resource(ledger.store, "0/001.p/44") == before
    assert tiles.resource(ledger.store, "0/001").startswith(before)


def test_a_bundle_holds_the_leaves_of_its_tile(ledger: Audited) -> None:
    ledger.append([("order-1", 1, "t", b"x" * (INLINE_BYTES + 1), 1)])
    ledger.sealed(299)
    for path, tile in (("entries/000", "0/000"), ("entries/001.p/44", "0/001.p/44")):
        rest, hashes = tiles.resource(ledger.store, path), b""
        while rest:
            length = int.from_bytes(rest[:2], "big")
            hashes += leaf_hash(rest[2 : 2 + length])
            rest = rest[2 + length :]
        assert hashes == tiles.resource(ledger.store, tile)


@pytest.mark.parametrize(
    "path",
    [
        "0/003",
        "0/002",
        "0/002.p/189",
        "entries/002",
        "1/000",
        "1/000.p/3",
        "2/000.p/1",
        "64/000",
        "00/000",
        "0/0",
        "0/x000/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/../000",
        "",
    ],
)
def test_there_is_nothing_at_other_paths(kept: Audited, path: str) -> None:
    with pytest.raises(NotFound):
        tiles.resource(kept.store, path)
