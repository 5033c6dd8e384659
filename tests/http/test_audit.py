"""Audit over HTTP: what is public, and what needs the scope `audit:read`."""

from __future__ import annotations

import struct
from datetime import timedelta

import httpx
import pytest

from oms_ledger.app import Oms
from oms_ledger.audit.standalone.hashes import extends, includes, leaf_hash, unb64
from oms_ledger.audit.standalone.notes import Checkpoint, open_checkpoint
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.http.app import create_app
from tests.audit.seal import seal
from tests.http.conftest import Api
from tests.http.examples import STOCKED


@pytest.fixture
def oms_sealed(oms: Oms, api: Api) -> Oms:
    for method, path, body in STOCKED:
        assert api.send(method, path, json=body).status_code == 200
    seal(oms)
    return oms


def checkpoint(oms: Oms, response: httpx.Response) -> Checkpoint:
    assert response.headers["content-type"].startswith("text/plain")
    return open_checkpoint(response.text, [each.key for each in oms.audit.tree().signing_keys()])


def test_the_newest_checkpoint_is_everybodys(oms_sealed: Oms, api: Api) -> None:
    with Api(create_app(oms_sealed), key=None) as anonymous:
        for path in ("/checkpoint", "/v1/audit/checkpoint"):
            answer = anonymous.get(path)
            assert checkpoint(oms_sealed, answer).size == oms_sealed.readers.head()
    as_json = api.get("/v1/audit/checkpoint", headers={"Accept": "application/json"}).json()
    assert as_json["note"] == answer.text


def test_without_a_seal_there_is_no_checkpoint(api: Api) -> None:
    assert api.get("/checkpoint").status_code == 404
    assert api.get("/v1/audit/proof/inclusion?position=1").status_code == 404


def test_an_event_is_proven(oms_sealed: Oms, api: Api) -> None:
    sealed = checkpoint(oms_sealed, api.get("/checkpoint"))
    for position in range(1, sealed.size + 1):
        proof = api.get("/v1/audit/proof/inclusion", params={"position": position}).json()
        assert (proof["position"], proof["tree_size"]) == (position, sealed.size)
        hashes, leaf = [unb64(h) for h in proof["hashes"]], leaf_hash(unb64(proof["leaf"]))
        assert includes(sealed.root, sealed.size, position - 1, leaf, hashes)
        assert not includes(sealed.root, sealed.size, position % sealed.size, leaf, hashes)


def test_the_ledger_is_proven_to_have_grown(oms_sealed: Oms, api: Api) -> None:
    old = checkpoint(oms_sealed, api.get("/checkpoint"))
    received = {"sku": "MUG-SPECK", "location": "LON", "quantity": 1}
    assert api.post("/v1/stock/receipts", received).status_code == 200
    seal(oms_sealed)
    new = checkpoint(oms_sealed, api.get("/checkpoint"))
    proof = api.get(f"/v1/audit/proof/consistency?from={old.size}&to={new.size}").json()
    assert (proof["from"], proof["to"]) == (old.size, new.size)
    hashes = [unb64(h) for h in proof["hashes"]]
    assert extends(old.size, old.root, new.size, new.root, hashes)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("inclusion", "position"),
        ("inclusion?position=0", "position"),
        ("inclusion?position=99", "position"),
        ("inclusion?position=x", "position"),
        ("inclusion?position=1&tree_size=99", "tree_size"),
        ("inclusion?position=1&size=2", "size"),
        ("consistency", "from"),
        ("consistency?from=3&to=2", "from"),
        ("consistency?from=0&to=99", "to"),
    ],
)
def test_what_cannot_be_proven_is_refused(
    oms_sealed: Oms, api: Api, question: str, field: str
) -> None:
    refused = api.get(f"/v1/audit/proof/{question}")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


def test_tiles_are_everybodys_and_events_are_auditors(oms_sealed: Oms, api: Api) -> None:
    size = oms_sealed.readers.head()
    with Api(create_app(oms_sealed), key=None) as anonymous:
        tile = anonymous.get(f"/tile/0/000.p/{size}")
        assert anonymous.get(f"/tile/entries/000.p/{size}").status_code == 401
        assert anonymous.get("/v1/audit/proof/inclusion?position=1").status_code == 401
        assert anonymous.get("/v1/audit/verify").status_code == 401
        assert anonymous.get("/tile/0/000").status_code == 404, "it is not full yet"
        assert anonymous.get("/tile/0/x/../000").status_code == 404
    assert tile.headers["content-type"] == "application/octet-stream"
    assert len(tile.content) == 32 * size
    auditor = oms_sealed.api_keys.create("auditor", "auditor", lifetime=timedelta(hours=1))
    with Api(create_app(oms_sealed), key=auditor) as client:
        bundle = client.get(f"/tile/entries/000.p/{size}").content
    (length,) = struct.unpack_from("!H", bundle)
    assert leaf_hash(bundle[2 : 2 + length]) == tile.content[:32]
    analyst = oms_sealed.api_keys.create("analyst", "analyst")
    with Api(create_app(oms_sealed), key=analyst) as client:
        assert client.get(f"/tile/entries/000.p/{size}").status_code == 403


def test_the_last_verification_is_shown(oms_sealed: Oms, api: Api) -> None:
    none = api.get("/v1/audit/verify")
    assert none.status_code == 404
    assert "oms-ledger verify" in none.json()["detail"]
    report = oms_sealed.audit.verify(
        VerificationOptions(read_models=False), lambda what, done, of: None
    )
    assert api.get("/v1/audit/verify").json() == report.to_json()
