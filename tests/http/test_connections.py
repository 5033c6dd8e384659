"""Connections, jobs and the inbox over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from oms_ledger.app import Oms
from oms_ledger.engine.db.roles import Role
from oms_ledger.http import connections as handlers
from oms_ledger.http.app import create_app
from oms_ledger.integrations.ports import WebhookRequest
from oms_ledger.testing.fault_server import FaultServer, ServedAnswer, fault_server
from tests.databases import Database
from tests.http.conftest import ADMIN_KEY, Api
from tests.integrations.acme import SECRETS, message, open_with_acme, payment, signature
from tests.serving.family import until

MESSAGES = 16


@pytest.fixture
def vendor() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture
def acme(ready: Database, vendor: FaultServer) -> Iterator[Oms]:
    with open_with_acme(replace(ready.settings, admin_key=ADMIN_KEY), vendor.url) as oms:
        yield oms


@pytest.fixture
def desk(acme: Oms) -> Iterator[Api]:
    with Api(create_app(acme)) as api:
        yield api


@pytest.fixture
def vendors_side(acme: Oms) -> Iterator[Api]:
    """Without a key, as vendors send."""
    with Api(create_app(acme), key=None) as api:
        yield api


def sent(api: Api, body: bytes, path: str = "/v1/inbox/acme-uk", signed: str | None = None) -> int:
    headers = {"X-Acme-Signature": signature(body) if signed is None else signed}
    return api.send("POST", path, content=body, headers=headers).status_code


def test_a_connection_from_its_definition_to_its_health(desk: Api, vendor: FaultServer) -> None:
    body = {"vendor": "acme", "base_url": vendor.url, "channel": "Web"}
    assert desk.put("/v1/connections/second", body).json()["channel"] == "web"
    answer = desk.put("/v1/connections/second/secrets", SECRETS)
    assert answer.json()["names"] == ["api_key", "signing_key"]
    assert "planted" not in answer.text
    assert desk.post("/v1/connections/second/test").json()["ok"] is True
    vendor.answers = [ServedAnswer(401)]
    failed = desk.post("/v1/connections/second/test").json()
    assert (failed["ok"], failed["code"]) == (False, "not_found")
    items = {each["name"]: each for each in desk.get("/v1/connections").json()["items"]}
    assert items.keys() == {"acme-uk", "second"}
    second = items["second"]
    assert second["secrets"] == ["api_key", "signing_key"]
    assert second["health"]["last_error"] == "http_401"
    assert second["health"]["last_success"] is not None
    assert "planted" not in desk.get("/v1/connections").text
    assert desk.post("/v1/connections/second/pause").json()["paused"] is True
    assert desk.post("/v1/connections/second/resume").json()["paused"] is False


def test_the_list_waits_for_a_position(acme: Oms, desk: Api) -> None:
    """What a command has answered is in a list from its position on, though lists are read at most
    once a second."""
    for number in range(3):
        assert len(desk.get("/v1/connections").json()["items"]) == number + 1
        position = desk.put(f"/v1/connections/c{number}", {"vendor": "acme"}).json()["position"]
        answer = desk.get("/v1/connections", params={"min_position": position})
        assert answer.headers["ledger-position"] == str(position)
        assert f"c{number}" in [each["name"] for each in answer.json()["items"]]
    late = desk.get("/v1/connections", params={"min_position": position + 1, "wait_ms": 10})
    assert (late.status_code, late.json()["code"]) == (503, "read_model_behind")


def test_what_a_vendor_wants_is_shown(desk: Api, vendor: FaultServer) -> None:
    limits = {"RateLimit-Limit": "100", "RateLimit-Remaining": "3", "Retry-After": "60"}
    vendor.answers = [ServedAnswer(429, headers=limits)]
    desk.post("/v1/connections/acme-uk/test")
    (shown,) = desk.get("/v1/connections").json()["items"]
    health = shown["health"]
    assert (health["rate_limit"], health["rate_remaining"]) == (100, 3)
    assert health["blocked_until"] is not None


@pytest.mark.parametrize(
    "body", [[], "x", {"api_key": 1}, {"api_key": None}, {"api_key": {"a": "planted-x"}}]
)
def test_secrets_are_texts(desk: Api, body: object) -> None:
    answer = desk.put("/v1/connections/acme-uk/secrets", body)
    assert answer.status_code == 422
    assert "planted" not in answer.text


def test_unknown_names_and_vendors(desk: Api) -> None:
    assert desk.put("/v1/connections/none/secrets", SECRETS).status_code == 404
    assert desk.post("/v1/connections/none/test").status_code == 404
    desk.put("/v1/connections/odd", {"vendor": "nobody"})
    for answer in (
        desk.put("/v1/connections/odd/secrets", SECRETS),
        desk.post("/v1/connections/odd/test"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "unknown_vendor")
    desk.put("/v1/connections/bare", {"vendor": "acme"})
    answer = desk.post("/v1/connections/bare/test")
    assert (answer.status_code, answer.json()["code"]) == (409, "secrets_missing")


def test_roles(acme: Oms) -> None:
    """Nobody but who operates the ledger sees and changes connections."""
    for role, status in (("analyst", 403), ("channel", 403), ("support", 403), ("operator", 200)):
        with Api(create_app(acme), key=acme.api_keys.create(role, role)) as api:
            assert api.get("/v1/connections").status_code == status
            assert api.get("/v1/jobs").status_code == status
            secrets = api.put("/v1/connections/acme-uk/secrets", SECRETS)
            assert secrets.status_code == status


# Jobs.


def test_a_job_is_listed_retried_and_cancelled(acme: Oms, desk: Api, vendor: FaultServer) -> None:
    payment(acme)
    vendor.answers = ["close_after"]
    connections = acme.connections
    with connections.effect_runner() as effects, connections.job_runner() as runner:
        while effects.step():
            pass
        runner.step()
    (job,) = desk.get("/v1/jobs", params={"state": "waiting", "connection": "acme-uk"}).json()[
        "items"
    ]
    assert (job["effect"], job["attempts"], job["uncertain"]) == ("payments", 1, True)
    assert job["code"] == "broken_connection"
    path = f"/v1/jobs/{job['job_id']}"
    assert desk.post(f"{path}/cancel").json()["state"] == "cancelled"
    refused = desk.post(f"{path}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert desk.post(f"{path}/retry").json()["state"] == "waiting"
    assert desk.post("/v1/jobs/none/retry").status_code == 404
    metrics = desk.get("/metrics").text
    assert 'oms_connection_backlog{connection="acme-uk"} 1.0' in metrics
    assert 'oms_connection_failing{connection="acme-uk"} 1.0' in metrics
    assert 'oms_policy_lag_events{policy="effect:payments"}' in metrics


def test_jobs_are_listed_page_by_page(acme: Oms, desk: Api) -> None:
    for _ in range(5):
        payment(acme)
    with acme.connections.effect_runner() as effects:
        while effects.step():
            pass
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = desk.get("/v1/jobs", params=params).json()
        listed += [each["job_id"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert len(listed) == len(set(listed)) == 5
    for wrong in ({"cursor": "x"}, {"state": "odd"}, {"limit": "0"}, {"other": "1"}):
        assert desk.get("/v1/jobs", params=wrong).status_code == 422


def test_what_is_dead_is_degraded(acme: Oms, desk: Api) -> None:
    assert desk.get("/readyz").json()["degraded"] == []
    payment(acme)
    with acme.connections.effect_runner() as effects:
        while effects.step():
            pass
    with acme.connections._lend(Role.CONNECTOR) as session:
        session.execute("UPDATE jobs SET state = 'dead'")
    ready = desk.get("/readyz")
    assert (ready.status_code, ready.json()["degraded"]) == (200, ["connection acme-uk"])


# The inbox.


def test_a_message_is_stored_once(acme: Oms, desk: Api, vendors_side: Api) -> None:
    body = message("m1", "authorised", payment(acme), 2000)
    answer = vendors_side.send(
        "POST",
        "/v1/inbox/acme-uk",
        content=body,
        headers={"X-Acme-Signature": signature(body), "Content-Type": "text/plain"},
    )
    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    assert sent(vendors_side, body) == 200
    (stored,) = desk.get("/v1/inbox").json()["items"]
    assert (stored["message_id"], stored["state"]) == ("m1", "waiting")
    assert "Planted" not in desk.get("/v1/inbox").text
    acme.connections.translator().step()
    assert desk.get("/v1/inbox", params={"state": "done"}).json()["items"]
    assert desk.post("/v1/inbox/acme-uk/m1/replay").json()["state"] == "waiting"
    assert desk.post("/v1/inbox/acme-uk/m7/replay").status_code == 404
    assert desk.post("/v1/inbox/acme-uk/m1/drop").status_code == 404, "it is not dead"
    with acme.connections._lend(Role.CONNECTOR) as session:
        session.execute("UPDATE inbox_messages SET state = 'dead', ended_at = now()")
    dropped = {"connection": "acme-uk", "message_id": "m1", "state": "done"}
    assert desk.post("/v1/inbox/acme-uk/m1/drop").json() == dropped


def test_messages_that_wait_are_stored_together(
    acme: Oms, vendors_side: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is stored before all have come: two batches of one message wait, and the others
    behind them."""
    sizes: list[int] = []
    arrived: list[str] = []
    receive, stored = acme.connections.inbox.receive_many, handlers.InboxHandlers._stored

    def counted(name: str, requests: Sequence[WebhookRequest]) -> list[bool | Exception]:
        sizes.append(len(requests))
        until(lambda: len(arrived) == MESSAGES, "all have come")
        return receive(name, requests)

    async def arrives(inbox: handlers.InboxHandlers, name: str, message: WebhookRequest) -> bool:
        arrived.append(name)
        return await stored(inbox, name, message)

    monkeypatch.setattr(acme.connections.inbox, "receive_many", counted)
    monkeypatch.setattr(handlers.InboxHandlers, "_stored", arrives)
    acme.connections.directory.all()
    bodies = [message(f"m{n}", "news") for n in range(MESSAGES)]
    with ThreadPoolExecutor(MESSAGES) as pool:
        assert set(pool.map(partial(sent, vendors_side), bodies)) == {200}
    assert sum(sizes) == MESSAGES
    assert len(sizes) < MESSAGES / 2
    assert len(acme.connections.messages.list()) == MESSAGES


def test_what_is_forged_is_refused_and_not_kept(acme: Oms, desk: Api, vendors_side: Api) -> None:
    body = message("m1", "news")
    assert sent(vendors_side, body, signed="") == 401
    assert sent(vendors_side, body, signed=signature(body, "forged")) == 401
    assert sent(vendors_side, body, path="/v1/inbox/none") == 404
    assert sent(vendors_side, b"") == 401
    assert sent(vendors_side, b"\xff\xfe not json") == 401
    assert desk.get("/v1/inbox").json()["items"] == []


def test_a_message_has_a_limit(vendors_side: Api) -> None:
    body = message("m1", "x" * handlers.MESSAGE_BYTES_MAX)
    assert sent(vendors_side, body) == 413
    assert sent(vendors_side, message("m2", "x" * 100_000)) == 200


def test_a_flood_of_forged_messages_is_held_off(acme: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "FORGED_BURST", 3.0)
    monkeypatch.setattr(handlers, "FORGED_PER_SECOND", 0.001)
    with Api(create_app(acme), key=None) as api:
        body = message("m1", "news")
        assert [sent(api, body, signed="x") for _ in range(5)] == [401, 401, 401, 429, 429]


def test_a_flood_of_one_vendor_is_held_off(acme: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "MESSAGES_BURST", 3.0)
    monkeypatch.setattr(handlers, "MESSAGES_PER_SECOND", 0.001)
    with Api(create_app(acme), key=None) as api:
        statuses = [sent(api, message(f"m{n}", "news")) for n in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert len(acme.connections.messages.list()) == 3, "what is held off is not kept"
