"""The life of an API key over HTTP: valid, used, rotated, expired, revoked."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from oms_ledger.app import Oms
from oms_ledger.http import app as http_app
from oms_ledger.http import auth
from oms_ledger.http.app import create_app
from tests.http.conftest import Api


def status(app: http_app.LedgerApi, key: str | None) -> int:
    with Api(app, key=key) as api:
        return api.get("/v1/orders").status_code


def test_a_revoked_key_ends_within_seconds(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if it was just used; a key is cached for a short time."""
    assert auth.KEY_CACHE_SECONDS <= 5
    monkeypatch.setattr(auth, "KEY_CACHE_SECONDS", 0.05)
    app = create_app(oms)
    key = oms.api_keys.create("shop", "operator")
    assert status(app, key) == 200
    oms.api_keys.revoke("shop")
    deadline = time.monotonic() + 30
    while status(app, key) == 200:
        assert time.monotonic() < deadline
    assert status(app, key) == 401


def test_an_expired_key_ends_at_once_though_it_is_remembered(oms: Oms) -> None:
    app = create_app(oms)
    for seconds in (1, 5, 30):  # long enough for the first request, however busy the machine
        key = oms.api_keys.create("guest", "analyst", lifetime=timedelta(seconds=seconds))
        kept = oms.api_keys.all()[-1]
        assert kept.expires_at is not None
        first, ends = status(app, key), kept.expires_at
        if datetime.now(UTC) < ends:
            break
    while datetime.now(UTC) < ends:
        time.sleep(0.05)
    assert (first, status(app, key)) == (200, 401)


def test_a_rotated_key_works_beside_the_new_one_until_the_grace_ends(oms: Oms) -> None:
    old = oms.api_keys.create("shop", "channel", ["audit:read"], lifetime=timedelta(days=90))
    new, fading = oms.api_keys.rotate("shop", timedelta(hours=1))
    app = create_app(oms)
    assert (status(app, old), status(app, new)) == (200, 200)
    before, after = oms.api_keys.all()
    assert [key.id for key in fading] == [before.id]
    assert before.expires_at is not None
    assert before.expires_at < datetime.now(UTC) + timedelta(hours=1)
    assert (after.role, after.scopes, after.name) == ("channel", ("audit:read",), "shop")
    assert after.expires_at is not None
    assert after.expires_at - after.created_at == timedelta(days=90)
    newest, _ = oms.api_keys.rotate("shop", timedelta(0))
    app = create_app(oms)
    assert [status(app, key) for key in (old, new, newest)] == [401, 401, 200]


def test_the_last_use_is_kept_off_the_path_of_requests(
    oms: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most once a minute, by a background task."""
    assert http_app.NOTE_USED_SECONDS == 60
    key = oms.api_keys.create("shop", "operator")
    monkeypatch.setattr(http_app, "NOTE_USED_SECONDS", 0.02)
    app = create_app(oms)
    assert status(app, key) == 200
    assert oms.api_keys.all()[0].last_used_at is None

    async def live() -> None:
        async with app.router.lifespan_context(app):
            for _ in range(1000):
                if (await asyncio.to_thread(oms.api_keys.all))[0].last_used_at is not None:
                    return
                await asyncio.sleep(0.02)

    asyncio.run(live())
    (kept,) = oms.api_keys.all()
    assert kept.last_used_at is not None
    assert kept.created_at <= kept.last_used_at <= datetime.now(UTC)


def test_wrong_keys_of_every_shape(oms: Oms) -> None:
    app = create_app(oms)
    key = oms.api_keys.create("shop", "admin")
    prefix = key[:16]
    for wrong in (key[:-1], key + "0", key.upper(), prefix + "_" + "0" * 64, prefix, "oms__", "."):
        assert status(app, wrong) == 401, wrong
    assert status(app, None) == 401


def test_a_request_is_the_same_after_the_key_was_rotated(oms: Oms) -> None:
    key = oms.api_keys.create("goods-in", "operator")
    body = {"sku": "A", "location": "LON", "quantity": 10}
    once = {"Idempotency-Key": "delivery 7"}
    oms_app = create_app(oms)
    answers = []
    for _ in range(3):
        with Api(oms_app, key=key) as api:
            answers.append(api.post("/v1/stock/receipts", body, headers=once))
        key, _old = oms.api_keys.rotate("goods-in", timedelta(hours=1))
    assert {a.status_code for a in answers} == {answers[0].status_code}, answers[0].text
    assert [a.json() for a in answers[1:]] == [answers[0].json()] * 2
    assert [a.headers.get("idempotent-replayed") for a in answers] == [None, "true", "true"]
    namesake = oms.api_keys.create("goods-in", "operator")
    with Api(oms_app, key=namesake) as api:
        other = api.post("/v1/stock/receipts", body, headers=once)
    assert "idempotent-replayed" not in other.headers
