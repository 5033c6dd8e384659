"""Errors over HTTP: the status, the code and the fields of each."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.http.conftest import Api
from tests.http.examples import Json, order


def problem_of(response: httpx.Response, status: int, code: str) -> Json:
    """Asserts that a response is the problem document with this status and code; its body."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: Json = response.json()
    assert {"type", "title", "status", "code", "detail"} <= body.keys()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]
    return body


def fields(body: Json) -> list[str]:
    return [error["field"] for error in body["errors"]]


LINE = {"sku": "A", "quantity": 1, "unit_price": "1.00"}

INVALID: list[tuple[Json, list[str]]] = [
    ({}, ["channel", "currency", "lines"]),
    (order(colour="red"), ["colour"]),
    (order(lines=[]), ["lines"]),
    (order(lines=[{**LINE, "quantity": 0}]), ["lines.0.quantity"]),
    (order(lines=[LINE, {**LINE, "quantity": "1"}]), ["lines.1.quantity"]),
    (order(lines=[{**LINE, "unit_price": 2.55}]), ["lines.0.unit_price"]),
    (order(lines=[{**LINE, "unit_price": "2.555"}]), ["lines.0.unit_price"]),
    (order(lines=[{**LINE, "colour": "red"}]), ["lines.0.colour"]),
    (order(currency="XXQ"), ["currency"]),
    (order(placed_at="yesterday"), ["placed_at"]),
    (order(placed_at="2010-12-01T08:26:00"), ["placed_at"]),
    (order(backorder="maybe"), ["backorder"]),
    (order(customer={"email": "a\u0000b"}), ["customer.email"]),
]


def test_invalid_fields_are_named(memory_api: Api) -> None:
    for body, at_fault in INVALID:
        problem = problem_of(memory_api.post("/v1/orders", body), 422, "invalid_fields")
        assert fields(problem) == at_fault, body


BODIES = ("/v1/orders", "/v1/orders:batch", "/v1/stock/receipts", "/v1/orders/o/cancel")
JSON = {"Content-Type": "application/json"}

NO_JSON = (
    b"{",
    b"nonsense",
    b'{"channel": "web"',
    b"{'channel': 'web'}",
    b'{"channel": "w\xff\xfe"}',
    b'{"channel": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
)


@pytest.mark.parametrize("path", BODIES)
def test_no_json(memory_api: Api, path: str) -> None:
    for body in NO_JSON:
        problem_of(memory_api.send("POST", path, content=body, headers=JSON), 400, "malformed")
    for body in (b"[]", b"1", b'"text"', b"null"):
        response = memory_api.send("POST", path, content=body, headers=JSON)
        problem = problem_of(response, 422, "invalid_fields")
        assert "object" in problem["errors"][0]["message"], body


def test_only_json(memory_api: Api) -> None:
    for content_type in ("", "text/plain", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": content_type}
        response = memory_api.send("POST", "/v1/orders", content=b"{}", headers=headers)
        problem_of(response, 415, "unsupported_media_type")


def test_too_large(memory_api: Api) -> None:
    body = b'{"channel": "' + b"x" * 10_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    problem_of(
        memory_api.send("POST", "/v1/orders", content=body, headers=headers), 413, "too_large"
    )


def test_refusals_name_every_line(memory_shop: Api) -> None:
    lines = [
        {"sku": "A", "quantity": 90, "unit_price": "1"},
        {"sku": "A", "quantity": 50, "unit_price": "1"},
        {"sku": "B/1", "quantity": 101, "unit_price": "1"},
    ]
    problem = problem_of(
        memory_shop.post("/v1/orders", order(lines=lines)), 409, "insufficient_stock"
    )
    short = [(e["line"], e["sku"], e["requested"], e["available"]) for e in problem["errors"]]
    assert short == [("2", "A", 50, 10), ("3", "B/1", 101, 100)]
    problem = problem_of(memory_shop.post("/v1/orders", order(sku="Z")), 409, "unknown_sku")
    assert problem["errors"] == [{"line": "1", "sku": "Z"}]


def test_refusals_by_state(memory_shop: Api) -> None:
    placed = memory_shop.post("/v1/orders", order()).json()
    path = f"/v1/orders/{placed['order_id']}"
    problem_of(
        memory_shop.post(f"{path}/shipments", {"location": "LON"}), 409, "illegal_transition"
    )
    assert memory_shop.post(f"{path}/confirm").status_code == 200
    problem_of(memory_shop.post(f"{path}/confirm"), 409, "illegal_transition")
    problem_of(memory_shop.post(f"{path}/shipments", {"location": "MAN"}), 409, "nothing_to_ship")
    assert memory_shop.post(f"{path}/cancel", {"reason": "customer"}).status_code == 200
    problem_of(memory_shop.post(f"{path}/cancel", {"reason": "customer"}), 409, "already_cancelled")
    unknown = {"sku": "A", "location": "PAR", "quantity": 1}
    problem_of(memory_shop.post("/v1/stock/receipts", unknown), 409, "unknown_location")


NOTHING = ["/v1/orders/none", "/v1/orders/none/timeline", "/v1/shipments/none", "/v1/stock/none",
     "/v1/products/none", "/v1/locations/none", "/v1/tracking/none", "/v1/tracking/none/stream",
     "/v1/projections/none/parked", "/v1/orders/..%2F..%2Fetc%2Fpasswd", "/v1/orders/%2e%2e",
     "/v1", "/v1/nothing", "/v1/orders/", "//", "/../etc/passwd"]  # fmt: skip


def test_an_unknown_id_is_404(api: Api) -> None:
    for path in NOTHING:
        problem_of(api.get(path), 404, "not_found")


ABOUT_NOTHING: list[tuple[str, Json]] = [
    ("/v1/orders/none/confirm", {}),
    ("/v1/orders/none/cancel", {"reason": "staff"}),
    ("/v1/shipments/none/dispatch", {}),
    ("/v1/projections/none/retry", {}),
    ("/v1/projections/none/rebuild", {}),
]


def test_commands_about_nothing(api: Api) -> None:
    for path, body in ABOUT_NOTHING:
        problem_of(api.post(path, body), 404, "not_found")


def test_method_not_allowed(memory_api: Api) -> None:
    response = memory_api.send("DELETE", "/v1/orders")
    problem_of(response, 405, "method_not_allowed")
    assert "POST" in response.headers["allow"]
    problem_of(memory_api.post("/v1/orders/o/timeline"), 405, "method_not_allowed")


def test_stale_version(memory_shop: Api) -> None:
    placed = memory_shop.post("/v1/orders", order()).json()
    path = f"/v1/orders/{placed['order_id']}"
    headers = {"If-Match": f'"{placed["version"]}"'}
    held = memory_shop.post(f"{path}/hold", {"reason": "fraud"}, headers=headers)
    assert held.status_code == 200
    problem_of(memory_shop.post(f"{path}/confirm", {}, headers=headers), 412, "version_conflict")
    for fresh in (held.headers["etag"], f"W/{held.headers['etag']}", "*"):
        dry = memory_shop.post(f"{path}/confirm?dry_run=true", {}, headers={"If-Match": fresh})
        assert dry.status_code == 200, fresh
    problem_of(memory_shop.post(f"{path}/confirm", {}, headers={"If-Match": "x"}), 400, "malformed")


def test_versions_are_for_commands_about_one_order(memory_api: Api) -> None:
    requests: dict[str, Json] = {
        "/v1/orders": order(),
        "/v1/orders:batch": {"orders": [order()]},
        "/v1/stock/receipts": {"sku": "A", "location": "LON", "quantity": 1},
        "/v1/shipments/s/label": {},
    }
    for path, body in requests.items():
        response = memory_api.post(path, body, headers={"If-Match": '"1"'})
        assert fields(problem_of(response, 422, "invalid_fields")) == ["If-Match"], path


SHAPELESS = [
    ("Idempotency-Key", "x" * 256),
    ("Idempotency-Key", ""),
    ("Idempotency-Key", "caf\xe9"),
    ("X-Correlation-Id", "x" * 129),
]


def test_headers_have_shapes(memory_api: Api) -> None:
    for name, value in SHAPELESS:
        headers: Any = {name: value.encode("latin-1")}
        response = memory_api.post("/v1/orders", order(), headers=headers)
        assert fields(problem_of(response, 422, "invalid_fields")) == [name], value


def test_fields_of_the_path_are_refused_in_body_and_query(memory_api: Api) -> None:
    response = memory_api.post("/v1/orders/o/confirm", {"order_id": "p"})
    assert fields(problem_of(response, 422, "invalid_fields")) == ["order_id"]
    response = memory_api.get("/v1/orders/o?order_id=p")
    assert fields(problem_of(response, 422, "invalid_fields")) == ["order_id"]
