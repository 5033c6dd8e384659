"""Hostile requests: none of them may break anything or be answered by 500."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms_commands import COMMANDS
from oms_projections import QUERIES
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of
from tests.http.test_routes import PATHS

JSON_HEADERS = {"Content-Type": "application/json"}

NASTY = st.one_of(
    st.sampled_from(
        ["", "\x00", "\ud7ff", "💣" * 50, "9" * 5000, "-1", "1e400", "NaN", "' OR 1=1 --", "%s",
         "../../etc/passwd", "{order_id}", "a" * 100_000, "\u202e", "\r\nX: y", "²", "٣"]
    ),
    st.text(max_size=50),
)  # fmt: skip

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3),
    max_leaves=8,
)

FUZZ = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def test_any_value_in_any_field(shop: Api) -> None:
    fields = {
        name: st.fixed_dictionaries(
            {}, optional=dict.fromkeys((*kind.__annotations__, "items", "orders"), VALUES)
        )
        for name, kind in COMMANDS.items()
    }

    @FUZZ
    @given(st.data())
    def send(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(COMMANDS)))
        route = COMMANDS[name].route
        body = data.draw(fields[name])
        response = shop.send(
            route.method,
            route.path.format(**PATHS),
            content=_json(body),
            headers=JSON_HEADERS,
        )
        assert response.status_code < 500, (name, body, response.text)

    send()


def _json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode("utf-8", "surrogatepass")


def test_any_value_in_any_parameter(shop: Api) -> None:
    @FUZZ
    @given(st.data())
    def send(data: st.DataObject) -> None:
        query = data.draw(st.sampled_from(QUERIES))
        names = [*query.params.__annotations__, "min_position", "wait_ms", "from", "return"]
        params = data.draw(st.dictionaries(st.sampled_from(names), NASTY, max_size=3))
        params = {name: value[:2000] for name, value in params.items()}
        value = data.draw(st.sampled_from(["x", "..", "💣", "a" * 5000, "' OR 1=1 --"]))
        path = query.path.format(**dict.fromkeys(PATHS, value))
        response = shop.get(path, params={**params, "wait_ms": "1"})
        assert response.status_code != 500, (path, params, response.text)

    send()


MARKS = [b'["-placed_at","not a time",""]', b'["-placed_at","infinity","\\u0000"]',
     b'["total",99999999999999999999,"",""]', b'["total",9223372036854775808,"",""]',
     b"[" * 1000, b"\xff\xfe", b'["-placed_at","2026-01-01",""]; DROP TABLE orders']  # fmt: skip


@pytest.mark.parametrize("sort", ["-placed_at", "total"])
def test_made_up_cursors(api: Api, sort: str) -> None:
    for mark in MARKS:
        cursor = urlsafe_b64encode(mark).decode().rstrip("=")
        problem_of(
            api.get("/v1/orders", params={"cursor": cursor, "sort": sort}), 422, "invalid_fields"
        )


def test_paths_that_are_no_text(api: Api) -> None:
    for path in ("/v1/orders/%00", "/v1/%ff", "/v1/stock/a%00b", "/%C0%AE"):
        problem_of(api.get(path), 400, "malformed")


def test_a_query_string_that_is_no_text(api: Api) -> None:
    problem_of(api.get("/v1/orders?q=%ff"), 400, "malformed")
    many = "&".join(f"a{n}=1" for n in range(200))
    problem_of(api.get(f"/v1/orders?{many}"), 400, "malformed")


def test_a_very_long_list_of_nonsense(api: Api) -> None:
    """A hundred fields are named, and no more."""
    body = _json({**order(), "lines": [{"quantity": "x"}] * 2000})
    response = api.send("POST", "/v1/orders", content=body, headers=JSON_HEADERS)
    assert len(problem_of(response, 422, "invalid_fields")["errors"]) == 100
    assert len(response.content) < 100_000


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("/v1/orders", b'{"channel": "web", "lines": [', b"0]}"),
        ("/v1/orders:batch", b'{"orders": [{"lines": [', b"0]}]}"),
        ("/v1/orders/o/cancel", b'{"reason": "staff", "lines": [', b"0]}"),
    ],
)
def test_millions_of_values(api: Api, path: str, start: bytes, end: bytes) -> None:
    """Refused before each of them is found to be wrong."""
    body = start + b"{}," * 2_000_000 + end
    problem_of(api.send("POST", path, content=body, headers=JSON_HEADERS), 413, "too_large")
    body = start + b"{}," * 60_000 + end
    response = api.send("POST", path, content=body, headers=JSON_HEADERS)
    if path.endswith("batch"):
        (result,) = response.json()["results"]
        assert (result["status"], result["problem"]["code"]) == (413, "too_large")
    else:
        problem_of(response, 413, "too_large")


def test_long_names_and_numbers(shop: Api) -> None:
    """What fits the limits is kept, at their very edge too."""
    assert shop.put(f"/v1/products/{'s' * 100}", {"title": "t" * 500}).status_code == 200
    problem_of(shop.put(f"/v1/products/{'s' * 101}", {"title": "t"}), 422, "invalid_fields")
    receipt = {"sku": "A", "location": "LON", "quantity": 1_000_000_000}
    for _ in range(3):
        assert shop.post("/v1/stock/receipts", receipt).status_code == 200
    position = shop.get("/v1/events").headers["ledger-position"]
    body = shop.get(f"/v1/stock/A?min_position={position}").json()
    assert body["on_hand"] == 3_000_000_100
    dear = order(1, lines=[{"sku": "A", "quantity": 1, "unit_price": "999999999999.99"}])
    assert shop.post("/v1/orders", dear).json()["total"] == "999999999999.99"
