"""A ledger that is served is sealed, by whichever worker it is, without anybody http."""

from __future__ import annotations

import httpx

from tests.serving.conftest import Served
from tests.serving.family import until
from tests.serving.shop import receive


def sealed(client: httpx.Client) -> int:
    """How many events the newest checkpoint is of; 0 before the first."""
    answer = client.get("/checkpoint")
    return int(answer.text.splitlines()[1]) if answer.status_code == 200 else 0


def test_what_is_written_is_sealed_in_a_moment(shop: Served) -> None:
    receive(shop.client, ("SEAL", "LON", 10))
    head = int(shop.client.get("/readyz").headers["ledger-position"])
    until(lambda: sealed(shop.client) >= head, "the worker has sealed it")
    proof = shop.client.get("/v1/audit/proof/inclusion", params={"position": head}).json()
    assert proof["position"] == head
    assert proof["hashes"]
