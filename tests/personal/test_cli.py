"""Personal data from the command line: shown to who runs it, exported, forgotten, on record."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run

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
    said = run("customer", "export", "c1", "--html", str(page), "--purpose", "letter of 7 May")
    assert "holds personal data" in said.stderr
    assert page.stat().st_mode & 0o777 == 0o600
    html = page.read_text("utf-8")
    assert "Zqada &lt;Lovelace&gt;" in html
    assert "<Lovelace>" not in html
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
    for told in (run("replay", "order", order_id), run("replay", "order", order_id, "--json")):
        assert "Zq" not in told.stdout
        assert "sealed:" not in told.stdout


def test_the_wrapping_key_is_changed(run: Run) -> None:
    order_id = shop(run)
    assert "are wrapped anew" in run("keys", "rotate-kek").stderr
    assert NAME in run("show", "order", order_id, "--json").stdout


def test_forgetting_needs_a_reason(run: Run) -> None:
    assert "reason" in run("forget", "c1", code=2).stderr
    assert "There is no order" in run("customer", "export", "nobody", code=4).stderr


def test_serving_with_another_key_is_refused_at_the_start(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(run)
    monkeypatch.setenv("OMS_KEK", b64encode(b"another key-encryption key, alas").decode())
    said = run("serve", "--port", "0", code=3).stderr
    assert "wrong_kek" in said
    assert "OMS_KEK" in said
