"""The start of `serve`: its output, its keys, the oldest PostgreSQL."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx

from tests.databases import temporary_database
from tests.serving.checks import check_everything
from tests.serving.conftest import Served
from tests.serving.family import client, serving
from tests.serving.shop import location, place, receive


def test_one_line_on_standard_output(shop: Served) -> None:
    assert shop.family.stdout.read_text() == f"ready {shop.url}\n"
    assert shop.url.startswith("http://127.0.0.1:")
    assert len(shop.family.apis()) == len(shop.family.workers()) == 2


def test_the_given_administrator_s_key_opens_and_no_other(shop: Served) -> None:
    assert shop.client.get("/v1/orders").status_code == 200
    for key in (None, "another-key-of-32-characters-000001"):
        with client(shop.url, key) as stranger:
            assert stranger.get("/v1/orders").status_code == 401
            assert stranger.get("/readyz").status_code == 200


def test_without_keys_on_the_oldest_postgresql(postgres15: str, tmp_path: Path) -> None:
    with temporary_database(postgres15) as database:
        environment = {"OMS_DATABASE_URL": database}
        with (
            serving(environment, tmp_path, "--no-auth") as (family, url),
            client(url, None) as anonymous,
        ):
            location(anonymous, "LON")
            receive(anonymous, ("A", "LON", 2))
            made = place(anonymous, ("A", 2))
            answer = anonymous.get(
                f"/v1/orders/{made['order_id']}",
                params={"min_position": made["position"], "wait_ms": 10_000},
            )
            assert answer.status_code == 200
            assert answer.json()["lines"][0]["allocated"] == 2
            away = anonymous.get("/v1/orders", headers={"Host": "shop.example.com"})
            assert away.status_code == 403, "a web page reaches us by another name"
            check_everything(anonymous, database)
            assert family.stdout.read_text() == f"ready {url}\n"


def test_what_is_no_request_is_answered_as_one(shop: Served) -> None:
    """The processes that are served by read the wire as `tests/http/test_raw_bytes.py` has it."""
    address = httpx.URL(shop.url)
    with socket.create_connection((address.host, address.port or 80), timeout=60) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"malformed"' in received
    assert b"x-content-type-options: nosniff" in received
