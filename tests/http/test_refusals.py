"""Refused requests (401, 403, 429) have a line in the log, and a flood of them has few."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from oms_ledger.app import Oms
from oms_ledger.http import refusals
from oms_ledger.http.app import create_app
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.refusals import RefusalLog
from tests.http.conftest import Api
from tests.http.examples import order
from tests.privacy.everywhere import PROGRAM_LOG, logging_into

UNKNOWN = f"oms_{0:012x}_{'0' * 64}"


@pytest.fixture(autouse=True)
def fresh_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger keeps the configuration of its first line; each test here has its own."""
    monkeypatch.setattr(refusals, "log", structlog.get_logger())


def lines(logs: Any) -> list[tuple[object, ...]]:
    """Status, route, reason and key of each line."""
    return [
        (each["status"], each["route"], each["reason"], each["key_id"])
        for each in logs
        if each["event"] == "request_refused"
    ]


def with_key(text: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Authorization": text}}


def test_each_reason_of_401_has_its_word(oms: Oms) -> None:
    revoked = oms.api_keys.create("gone", "admin")
    oms.api_keys.revoke("gone")
    expired = oms.api_keys.create("old", "admin", lifetime=timedelta(microseconds=1))
    living = oms.api_keys.create("living", "admin")
    gone, old, kept = (key.id for key in oms.api_keys.all())
    tried = {
        "": ("no_key", None),
        "Basic YTpi": ("no_bearer_key", None),
        "Bearer ann@example.org": ("malformed_key", None),
        f"Bearer {UNKNOWN}": ("unknown_key", None),
        f"Bearer {living[:-64]}{'0' * 64}": ("wrong_secret", kept),
        f"Bearer {revoked}": ("revoked_key", gone),
        f"Bearer {expired}": ("expired_key", old),
    }
    with structlog.testing.capture_logs() as logs, Api(create_app(oms), key=None) as api:
        for text in tried:
            response = api.get("/v1/orders/some-order?q=Ann", **with_key(text))
            assert response.status_code == 401
    route = "GET /v1/orders/{order_id}"
    assert lines(logs) == [(401, route, *expected) for expected in tried.values()]
    shown = repr(logs)
    for text in ("ann@", "Ann", "some-order", "127.0.0.1", UNKNOWN[-64:], revoked[-64:]):
        assert text not in shown
    assert [each["log_level"] for each in logs] == ["warning"] * len(tried)


def test_403_and_429_name_the_key(oms: Oms) -> None:
    oms.settings = replace(oms.settings, rate_limit_per_second=0.01, rate_limit_burst=2)
    key = oms.api_keys.create("Ann Lee", "channel")
    key_id = oms.api_keys.all()[0].id
    receipt = {"name": "ReceiveStock", "sku": "A", "location": "LON", "quantity": 5}
    with structlog.testing.capture_logs() as logs, Api(create_app(oms), key=key) as api:
        assert api.get("/v1/events").status_code == 403
        batch = api.post("/v1/commands:batch", {"commands": [receipt, receipt]}).json()
        assert [each["status"] for each in batch["results"]] == [403, 403]
        assert api.get("/v1/orders").status_code == 429
    of_batch = (403, "POST /v1/commands:batch", "missing_scope", key_id)
    assert lines(logs) == [
        (403, "GET /v1/events", "missing_scope", key_id),
        of_batch,
        of_batch,
        (429, "GET /v1/orders", "too_many_requests", key_id),
    ]
    assert "Ann" not in repr(logs)


def test_other_answers_have_no_line(memory_api: Api) -> None:
    with structlog.testing.capture_logs() as logs:
        assert memory_api.get("/v1/events").status_code == 200
        assert memory_api.post("/v1/orders", order(0)).status_code == 422
        assert memory_api.get("/nowhere").status_code == 404
    assert lines(logs) == []


def test_a_flood_without_a_key_writes_few_lines_and_hides_no_key(
    oms: Oms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oms_ledger.http.auth.FAILURES_BURST", 100_000.0)
    key = oms.api_keys.create("gone", "admin")
    oms.api_keys.revoke("gone")
    with logging_into(tmp_path, monkeypatch), Api(create_app(oms), key=None) as api:
        for _ in range(600):
            assert api.get("/v1/orders").status_code == 401
        assert api.get("/v1/orders", **with_key(f"Bearer {key}")).status_code == 401
        assert 'oms_refusals_total{code="unauthenticated"}' in api.get("/metrics").text
    written = (tmp_path / PROGRAM_LOG).read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in written if "request_refused" in line]
    assert len(entries) < refusals.LINES_BURST + 20
    assert max(map(len, written)) < 400
    assert [each["reason"] for each in entries if each["key_id"]] == ["revoked_key"]


def test_the_lines_of_a_day_are_bounded() -> None:
    """A refusal each second for a day, by a clock of the test; what was left out is counted in the
    next line."""
    now = [0.0]
    record, error = RefusalLog(lambda: now[0]), RateLimited("", seconds=1)
    steps = 86_400
    with structlog.testing.capture_logs() as logs:
        for _ in range(steps):
            now[0] += 1
            record.add({}, error, "GET /v1/orders")
    most = refusals.LINES_BURST + steps * refusals.LINES_PER_SECOND + 1
    assert len(logs) <= most
    assert most * 6 * 250 < 30_000_000
    assert len(logs) + sum(each["unlogged"] for each in logs) > steps - 10
