"""A card number is refused in every part of a request, and repeated in no answer."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import structlog

from oms_commands import COMMANDS
from oms_projections import QUERIES
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import fields, problem_of

PAN = "4111-1111 1111.1111"
DIGITS = "4111111111111111"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in items:
            yield from leaves(each, (*path, name))
    else:
        yield path


def planted(body: Any, path: tuple[Any, ...], value: object) -> Any:
    changed = copy.deepcopy(body)
    inner = changed
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return changed


def silent(text: str) -> bool:
    return "1111" not in text


def test_in_any_field_of_any_body(memory_api: Api) -> None:
    for name, command in COMMANDS.items():
        path = re.sub(r"{\w+}", "x", command.route.path)
        for leaf in leaves(COMMANDS[name].example):
            for value in (PAN, int(DIGITS), [PAN], {"deep": {"er": DIGITS}}):
                body = planted(COMMANDS[name].example, leaf, value)
                response = memory_api.send(command.route.method, path, json=body)
                problem = problem_of(response, 422, "card_data_refused")
                assert fields(problem)[0].startswith(".".join(map(str, leaf)))
                assert silent(response.text)
        response = memory_api.send(
            command.route.method, path, json={**COMMANDS[name].example, DIGITS: "x"}
        )
        problem_of(response, 422, "card_data_refused")
        assert silent(response.text)
    assert memory_api.get("/v1/events").json()["items"] == []


def test_in_any_parameter_and_path(memory_api: Api) -> None:
    for query in QUERIES:
        path = re.sub(r"{\w+}", "x", query.path)
        for name in (*query.params.__annotations__, "min_position", "as_of", "nonsense"):
            response = memory_api.get(path, params={name: PAN})
            assert fields(problem_of(response, 422, "card_data_refused")) == [name]
            assert silent(response.text)
        problem_of(memory_api.get(path, params={DIGITS: "1"}), 422, "card_data_refused")
        if "{" in query.path:
            for value in (DIGITS, "4111%201111%201111%201111"):
                response = memory_api.get(re.sub(r"{\w+}", value, query.path))
                assert fields(problem_of(response, 422, "card_data_refused")) == ["path"]
                assert silent(response.text)


def test_in_a_path_that_leads_nowhere(memory_api: Api) -> None:
    for path in (f"/{DIGITS}", f"/v1/cards/{PAN}/charge", f"/docs?card={DIGITS}"):
        response = memory_api.get(path)
        problem_of(response, 422, "card_data_refused")
        assert silent(response.text)


def test_with_what_ends_a_text_in_json_between_its_digits(memory_api: Api) -> None:
    for quoted in ("411111%221111111111", "4111%0A111111111111", "41111111%22%0A11111111"):
        problem_of(memory_api.get(f"/v1/orders/{quoted}"), 422, "card_data_refused")
        problem_of(memory_api.get(f"/v1/orders?q={quoted}"), 422, "card_data_refused")
    headers = {"X-Correlation-Id": '411111"1111111111'}
    problem_of(memory_api.get("/v1/orders", headers=headers), 422, "card_data_refused")


def test_in_any_header(memory_api: Api) -> None:
    for name in ("Idempotency-Key", "X-Correlation-Id", "User-Agent", "If-Match", "X-Anything"):
        response = memory_api.post("/v1/orders", order(), headers={name: PAN})
        assert fields(problem_of(response, 422, "card_data_refused")) == [name]
        assert silent(response.text)


def test_what_else_a_card_has_and_how_else_it_is_written(memory_api: Api) -> None:
    stripe = ";4111111111111112=27121010000012345678?"
    for body in ({"note": "cvv 123"}, {"cvv": "123"}, {"note": stripe}, {"note": PAN}):
        escaped = json.dumps(body).replace("4", "\\u0034").encode()
        headers = {"Content-Type": "application/json"}
        response = memory_api.send("POST", "/v1/orders", content=escaped, headers=headers)
        problem_of(response, 422, "card_data_refused")


def test_nothing_is_logged_or_counted_under_it(api: Api) -> None:
    with structlog.testing.capture_logs() as logs:
        api.post("/v1/orders", order(note=PAN))
        api.get(f"/v1/orders/{DIGITS}")
    assert silent(repr(logs))
    metrics = api.get("/metrics").text
    assert DIGITS not in metrics
    assert 'oms_refusals_total{code="card_data_refused"}' in metrics


def test_article_and_telephone_numbers_come_in(api: Api) -> None:
    api.put("/v1/locations/LON", {"name": "London"})
    sku = "4006381333931"
    receipt = {"sku": sku, "location": "LON", "quantity": 5, "reference": "4502938484828"}
    assert api.post("/v1/stock/receipts", receipt).status_code == 200
    customer = {"id": "c", "phone": "+44 20 7946 0958"}
    placed = api.post("/v1/orders", order(sku=sku, customer=customer, external_id="5678901234567"))
    assert placed.status_code == 201
    assert api.get(f"/v1/stock/{sku}").status_code in (200, 404)  # nobody folds here
    assert api.get("/v1/orders?q=4502938484828").status_code == 200


def test_deep_bodies_are_refused_in_words(memory_api: Api) -> None:
    """NUL and cards are looked for at any depth that JSON may have."""
    headers = {"Content-Type": "application/json"}
    for inner in (b'"\\u0000"', DIGITS.encode()):
        body = b'{"a":' * 1000 + inner + b"}" * 1000
        response = memory_api.send("POST", "/v1/orders", content=body, headers=headers)
        assert response.status_code in (400, 422)
