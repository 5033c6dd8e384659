"""Personal data from the command line: shown to who runs it, exported, forgotten, on record."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run
from tests.databases import KEK, Database
from tests.serving.family import PROGRAM

__all__ = ["run"]

NAME = "Zqada <Lovelace>"

ORDER = json.dumps(
    {
        "channel": "web",
        "currency": "GBP",
        "customer": {"id": "c1", "name": NAME, "email": "zqada@example.com"},
        "shipping_address": {"line1": "1 Zqstreet", "city": "Leeds"},
        "lines": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}],
    }
)


def shop(run: Run) -> str:
    run("do", "PutLocation", '{"code": "LON", "name": "London"}')
    run("do", "ReceiveStock", '{"sku": "A", "location": "LON", "quantity": 9}')
    return str(json.loads(run("do", "PlaceOrder", ORDER).stdout)["order_id"])


def test_a_person_from_the_first_order_to_the_receipt(run: Run, tmp_path: Path) -> None:
    order_id = shop(run)
    assert NAME in run("show", "order", order_id, "--json").stdout
    assert json.loads(run("customer", "export", "c1").stdout)["customer"]["name"] == NAME
    page = tmp_path / "c1.html"
    page.write_text("an older one, " * 10_000)
    page.chmod(0o666)
    output = run("customer", "export", "c1", "--html", str(page), "--purpose", "letter of 7 May")
    assert "holds personal data" in output.stderr
    assert page.stat().st_mode & 0o777 == 0o600
    html = page.read_text("utf-8")
    assert "Zqada &lt;Lovelace&gt;" in html
    assert "<Lovelace>" not in html
    assert html.endswith("</html>\n")
    accesses = json.loads(run("access", "--customer", "c1", "--json").stdout)
    assert [each["purpose"] for each in accesses] == ["letter of 7 May", "subject access", "cli"]
    assert "letter of 7 May" in run("access").stdout
    receipt = run("forget", "c1", "--reason", "erasure request")
    assert "Forgotten" in receipt.stderr
    after = run("show", "order", order_id, "--json").stdout
    assert "[forgotten]" in after
    assert "Zq" not in after
    assert "Zq" not in run("customer", "export", "c1").stdout
    assert "Zq" not in run("replay", "order", order_id, "--json").stdout


def test_replay_shows_nothing_personal(run: Run) -> None:
    order_id = shop(run)
    for history in (run("replay", "order", order_id), run("replay", "order", order_id, "--json")):
        assert "Zq" not in history.stdout
        assert "sealed:" not in history.stdout


def test_the_wrapping_key_is_changed(run: Run) -> None:
    order_id = shop(run)
    assert "are wrapped anew" in run("keys", "rotate-kek").stderr
    assert NAME in run("show", "order", order_id, "--json").stdout


def test_forgetting_needs_a_reason(run: Run) -> None:
    assert "reason" in run("forget", "c1", code=2).stderr
    assert "There is no order" in run("customer", "export", "nobody", code=4).stderr


def test_a_customer_on_hold_is_not_forgotten(run: Run) -> None:
    shop(run)
    held = run("customer", "hold", "c1", "--reason", "litigation", "--reference", "case 12")
    refused = run("forget", "c1", "--reason", "erasure request", code=3).stderr
    assert "on_legal_hold" in refused
    assert "reference: case 12" in refused
    exported = json.loads(run("customer", "export", "c1").stdout)
    assert [each["hold_id"] for each in exported["holds"]] == [held.stdout.strip()]
    output = run("customer", "release", "c1", held.stdout.strip(), "--reason", "case closed")
    assert "Holds that are left: 0" in output.stderr
    by_address = run("forget", "zqada@example.com", "--reason", "x", code=4).stderr
    assert "Nothing personal is kept" in by_address, "who has an id is forgotten by that"
    assert "Forgotten" in run("forget", "c1", "--reason", "erasure request").stderr
    history = run("replay", "customer", "c1").stdout
    assert "Customer c1 put on legal hold" in history
    assert "reason: case closed" in history
    assert "forgotten: 0 -> 1" in history


def test_periods_are_set_shown_looked_at_and_carried_out(run: Run) -> None:
    order_id = shop(run)
    assert "nothing is forgotten" in run("retention", "show").stdout
    run("retention", "set", "customers", "10y", "--country", "DE", "--reference", "AO 147")
    run("retention", "set", "customers", "1d")
    assert "90d, 18m or 10y" in run("retention", "set", "receipts", "0d", code=2).stderr
    assert "AO 147" in run("retention", "show").stdout
    periods = json.loads(run("retention", "show", "--json").stdout)["periods"]
    assert [(each["country"], each["keep"]) for each in periods] == [(None, "1d"), ("DE", "10y")]
    assert "Nobody" in run("retention", "due").stdout
    assert "settled" in run("retention", "due", "--at", "2200-01-01").stdout
    run("do", "CancelOrder", json.dumps({"order_id": order_id, "reason": "staff"}))
    (item,) = json.loads(run("retention", "due", "--at", "2200-01-01", "--json").stdout)
    assert (item["customer_id"], item["forget"]) == ("c1", True)
    assert "Write a time" in run("retention", "due", "--at", "17", code=2).stderr
    assert "0 forgotten" in run("retention", "run").stderr
    done = json.loads(run("retention", "run", "--json").stdout)
    assert done == {"forgotten": 0, "left": {}, "pruned": {}}
    run("retention", "set", "customers", "forever")
    assert run("retention", "show", "--json").stdout.count('"kind"') == 1


def test_serving_with_another_key_is_refused_at_the_start(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(run)
    monkeypatch.setenv("OMS_KEK", b64encode(b"another key-encryption key, alas").decode())
    output = run("serve", "--port", "0", code=3).stderr
    assert "wrong_kek" in output
    assert "OMS_KEK" in output


@pytest.mark.parametrize(
    ("kek", "code", "output"),
    [
        (b64encode(b"another key-encryption key, of 32").decode(), 3, "openssl rand"),
        (b64encode(b"another key-encryption key of 32").decode(), 3, "wrapped by the key"),
        ("vault-transit:http://127.0.0.1:9/v1/transit/keys/oms", 3, "vault-transit:http"),
        (f"vault-transit:http://127.0.0.1:9/v1/transit/keys/oms {KEK}", 0, ""),
    ],
)
@pytest.mark.long
def test_serve_reports_another_key_at_its_start(
    run: Run, postgres: Database, tmp_path: Path, kek: str, code: int, output: str
) -> None:
    """Where an old key still opens the ledger, a service that is away can wait."""
    shop(run)
    environment = {**os.environ, "OMS_DATABASE_URL": postgres.url, "OMS_KEK": kek}
    served = subprocess.Popen(
        [str(PROGRAM), "serve", "--port", "0", "--workers", "0"],
        env=environment, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    if code == 0:
        assert served.stdout is not None
        assert served.stdout.readline().startswith("ready")
        served.terminate()
    _, err = served.communicate(timeout=60)
    assert served.returncode == code, err
    assert output in err
    assert kek not in err or kek.startswith("vault")
