"""Rate limits: too many requests of a key, or failures of an address, get 429 with `Retry-After`;
others are not affected."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.types import Receive, Scope, Send

from oms_ledger.access.rates import TokenBuckets
from oms_ledger.app import Oms
from oms_ledger.http import auth
from oms_ledger.http.app import create_app
from tests.http.conftest import ADMIN_KEY, Api
from tests.http.test_errors import problem_of


def test_one_key_is_limited_and_others_are_not(oms: Oms) -> None:
    oms.settings = replace(oms.settings, rate_limit_per_second=0.01, rate_limit_burst=3)
    app = create_app(oms)
    with Api(app, key=oms.api_keys.create("eager", "analyst")) as eager:
        for _ in range(2):
            assert eager.get("/v1/orders").status_code == 200
        problem_of(eager.get("/v1/events"), 403, "forbidden")
        response = eager.get("/v1/orders")
        problem_of(response, 429, "rate_limited")
        assert 90 < int(response.headers["retry-after"]) <= 100
        assert eager.get("/healthz").status_code == 200
    with Api(app) as admin:
        assert admin.get("/v1/orders").status_code == 200


def test_without_a_rate_there_is_no_limit(oms: Oms) -> None:
    oms.settings = replace(oms.settings, rate_limit_per_second=0, rate_limit_burst=1)
    with Api(create_app(oms)) as api:
        assert {api.get("/v1/orders?limit=x").status_code for _ in range(20)} == {422}


def test_failures_of_an_address_are_limited_and_cost_no_lookup(
    oms: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached valid key is still accepted from that address."""
    monkeypatch.setattr(auth, "KEY_CACHE_SECONDS", 0.0)
    good = oms.api_keys.create("good", "analyst")
    looked_up = []
    find = oms.api_keys.find

    def counted(prefix: str) -> object:
        looked_up.append(prefix)
        return find(prefix)

    monkeypatch.setattr(oms.api_keys, "find", counted)
    monkeypatch.setattr(auth, "FAILURES_PER_SECOND", 0.001)
    monkeypatch.setattr(auth, "FAILURES_BURST", 5)
    app = create_app(oms)
    with Api(app, key=good) as api:
        assert api.get("/v1/orders").status_code == 200
    with Api(app, key=None) as anonymous:
        for n in range(5):
            headers = {"Authorization": f"Bearer oms_{n:012x}_{'0' * 64}"}
            problem_of(anonymous.get("/v1/orders", headers=headers), 401, "unauthenticated")
        before = len(looked_up)
        for n in range(20):
            headers = {"Authorization": f"Bearer oms_{n:012x}_{'1' * 64}"}
            problem_of(anonymous.get("/v1/orders", headers=headers), 429, "rate_limited")
        problem_of(anonymous.get("/v1/orders"), 429, "rate_limited")
        assert len(looked_up) == before
    for key in (good, ADMIN_KEY):
        with Api(app, key=key) as api:
            assert api.get("/v1/orders").status_code == 200


def test_the_default_is_generous(oms: Oms) -> None:
    """It exceeds what one process can answer."""
    settings = oms.settings
    buckets = TokenBuckets(settings.rate_limit_per_second, settings.rate_limit_burst)
    assert not any(buckets.take("a", n / 5000) for n in range(50_000))


def test_guesses_at_tracking_links_are_slowed_by_address(oms: Oms) -> None:
    """And so are those who come by made-up addresses of one network."""

    def status(api: Api, host: str, path: str = "/v1/tracking/guessed") -> int:
        return api.get(path, headers={"X-Test-Client": host}).status_code

    app = create_app(oms)

    async def from_elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        client = (headers.get(b"x-test-client", b"192.0.2.1").decode(), 1)
        await app({**scope, "client": client}, receive, send)

    with Api(from_elsewhere, key=None) as api:
        burst = int(auth.GUESSES_BURST)
        statuses = [status(api, "192.0.2.7") for _ in range(burst + 20)]
        assert statuses.count(404) in range(burst, burst + 5)
        assert statuses[-1] == 429
        assert status(api, "192.0.2.7", "/v1/tracking/guessed/stream") == 429
        assert status(api, "192.0.2.7", "/healthz") == 200
        assert status(api, "192.0.2.8") == 404
        statuses = [status(api, f"2001:db8::{n:x}") for n in range(1, burst + 20)]
        assert statuses[-1] == 429
        statuses = [status(api, "made up" * 5000) for _ in range(burst + 20)]
        assert statuses[-1] == 429
