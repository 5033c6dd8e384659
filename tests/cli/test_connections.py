"""Connections, jobs and messages by command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from oms_ledger.integrations import catalogue
from oms_ledger.integrations.ledger import LedgerConnections
from oms_ledger.testing.fault_server import FaultServer, ServedAnswer, fault_server
from tests.cli.conftest import Run
from tests.databases import Database
from tests.integrations.acme import KINDS, SECRETS, message, open_with_acme, payment, post


@pytest.fixture
def vendor() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture
def with_acme(run: Run, vendor: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program with one more vendor."""
    begin: Any = LedgerConnections.__init__

    def started(self: LedgerConnections, *given: object) -> None:
        begin(self, *given[:-1], (*catalogue.VENDOR_KINDS, *KINDS))

    monkeypatch.setattr(LedgerConnections, "__init__", started)
    monkeypatch.setenv("OMS_DEVELOPMENT_URLS", vendor.url)
    return run


def test_a_connection_is_added_tested_and_paused(
    with_acme: Run, vendor: FaultServer, tmp_path: Path
) -> None:
    run = with_acme
    assert "No connections yet" in run("connections", "list").stdout
    run("connections", "add", "uk", "acme", "--base-url", vendor.url, "--option", "a=1")
    refused = run("connections", "test", "uk", code=3)
    assert "secrets_missing" in refused.stderr
    output = run("connections", "secrets", "uk", "-", standard_input=json.dumps(SECRETS))
    assert "api_key, signing_key" in output.stderr
    assert "planted" not in output.stdout + output.stderr
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(SECRETS))
    run("connections", "secrets", "uk", str(file))
    assert "works" in run("connections", "test", "uk").stderr
    vendor.answers = [ServedAnswer(403)]
    assert "does not work" in run("connections", "test", "uk", code=3).stderr
    run("connections", "pause", "uk", "--reason", "maintenance")
    (listed,) = json.loads(run("connections", "list", "--json").stdout)
    assert (listed["paused"], listed["options"], listed["secrets"]) == (
        True,
        {"a": "1"},
        ["api_key", "signing_key"],
    )
    assert "paused" in run("connections", "list").stdout
    run("connections", "resume", "uk")
    assert "failing" in run("connections", "list").stdout


@pytest.mark.parametrize("text", ["", "planted-1", "[1]", '{"api_key": 1}'])
def test_secrets_are_an_object_of_texts(with_acme: Run, vendor: FaultServer, text: str) -> None:
    with_acme("connections", "add", "uk", "acme", "--base-url", vendor.url)
    refused = with_acme("connections", "secrets", "uk", "-", code=2, standard_input=text)
    assert "planted" not in refused.stderr


def test_jobs_and_messages_are_listed_and_done_again(
    with_acme: Run, ready: Database, vendor: FaultServer
) -> None:
    run = with_acme
    with open_with_acme(ready.settings, vendor.url) as oms:
        payment(oms)
        with oms.connections.effect_runner() as effects:
            while effects.step():
                pass
        post(oms, message("m1", "news"))
        oms.connections.translator().step()
    (job,) = json.loads(run("work", "jobs", "--json").stdout)
    assert job["state"] == "waiting"
    assert job["job_id"] in run("work", "jobs", "waiting", "--connection", "acme-uk").stdout
    run("work", "cancel-job", job["job_id"])
    assert "no such jobs" in run("work", "jobs", "waiting").stdout
    run("work", "cancel-job", job["job_id"], code=3)
    run("work", "retry-job", job["job_id"])
    run("work", "retry-job", "none", code=4)
    run("work", "jobs", "odd", code=2)
    (listed,) = json.loads(run("inbox", "list", "--json").stdout)
    assert (listed["message_id"], listed["state"]) == ("m1", "done")
    run("inbox", "replay", "acme-uk", "m1")
    assert "m1" in run("inbox", "list", "waiting").stdout
    run("inbox", "replay", "acme-uk", "m7", code=4)
    run("inbox", "drop", "acme-uk", "m1", code=4)
    assert "no such messages" in run("inbox", "list", "dead").stdout
    with closing(ready.connect_owner()) as owner:
        owner.execute("UPDATE inbox_messages SET state = 'dead', ended_at = now()")
    run("inbox", "drop", "acme-uk", "m1")
    assert "dropped" in run("inbox", "list", "done").stdout
