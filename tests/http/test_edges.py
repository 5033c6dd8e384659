"""Security headers of every answer, and requests that are refused before they are routed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re

import httpx
import pytest

from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from oms_ledger.http.endpoint import SECURITY
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of

ANSWERS = ("/healthz", "/v1/events", "/v1/orders/none", "/nowhere", "/v1/%00", "/4111111111111111",
    "/docs", "/openapi.json", "/metrics", "/v1/orders?limit=x")  # fmt: skip


def test_security_headers_are_on_every_answer_once(api: Api) -> None:
    for path in ANSWERS:
        response = api.get(path)
        for name, value in SECURITY:
            values = response.headers.get_list(name.decode())
            assert len(values) == 1, (path, name)
            if name != b"content-security-policy" or path != "/docs":
                assert values == [value.decode()], path
    for response in (api.post("/v1/orders", {}), api.send("DELETE", "/v1/orders")):
        assert response.headers["x-content-type-options"] == "nosniff"


def policy(response: httpx.Response) -> dict[str, list[str]]:
    parts = (part.split() for part in response.headers["content-security-policy"].split(";"))
    return {name: values for name, *values in parts}


def test_the_page_of_the_documentation_runs_its_own_script_and_loads_nothing(
    memory_api: Api,
) -> None:
    """It works where there is no internet, and nobody else's script sees the key in it."""
    page = memory_api.get("/docs")
    allowed = policy(page)
    assert allowed["default-src"] == ["'none'"]
    assert allowed["connect-src"] == ["'self'"]
    for element in ("script", "style"):
        (inline,) = re.findall(rf"<{element}>(.*?)</{element}>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert allowed[f"{element}-src"] == [f"'sha256-{digest}'"]
    elsewhere = r"\s(?:src|srcset|action|style|on\w+)=|https?://|@import|url\("
    assert not re.findall(elsewhere, page.text)
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval", page.text)
    assert re.findall(r'href="([^"]+)"', page.text) == ["/openapi.json", "/openapi.json"]


def test_pages_of_other_origins_cannot_read_answers(api: Api) -> None:
    """CORS is off: no answer names an origin, and a browser's preflight request is refused."""
    origin = {"Origin": "https://evil.example"}
    preflight = {**origin, "Access-Control-Request-Method": "POST"}
    answers = [api.get(path, headers=origin) for path in ANSWERS]
    before = api.send("OPTIONS", "/v1/orders", headers=preflight)
    problem_of(before, 405, "method_not_allowed")
    for response in (*answers, before, api.send("OPTIONS", "/docs", headers=preflight)):
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "http://127.0.0.2"])
def test_without_keys_a_browser_is_not_sent_here_by_others(oms: Oms, origin: str) -> None:
    with Api(create_app(oms, no_auth=True), key=None) as anonymous:
        headers = {"Origin": origin}
        problem_of(anonymous.post("/v1/projections/x/retry", headers=headers), 403, "forbidden")
        own = anonymous.get("/v1/orders", headers={"Origin": "http://127.0.0.1:8000"})
        assert own.status_code == 200


@pytest.mark.parametrize(
    ("content_type", "encoding", "status"),
    [
        ("application/json", None, 409),
        ("Application/JSON; charset=UTF-8", None, 409),
        ("application/merge-patch+json", None, 409),
        ("application/json", "identity", 409),
        ("application/json; charset=utf-16", None, 415),
        ("application/json, text/plain", None, 415),
        ("application/jsonp", None, 415),
        ("text/json", None, 415),
        ("text/plain; application/json", None, 415),
        ("multipart/form-data; boundary=x", None, 415),
        ("application/json", "gzip", 415),
    ],
)
def test_a_body_must_be_declared_as_json(
    memory_api: Api, content_type: str, encoding: str | None, status: int
) -> None:
    body = json.dumps(order(sku="UNKNOWN")).encode()
    headers = {"Content-Type": content_type}
    if encoding:
        headers["Content-Encoding"] = encoding
        body = gzip.compress(body) if encoding == "gzip" else body
    assert (
        memory_api.send("POST", "/v1/orders", content=body, headers=headers).status_code == status
    )


@pytest.mark.parametrize("depth", [150, 900, 5_000, 100_000])
def test_deep_bodies_are_refused(memory_api: Api, depth: int) -> None:
    headers = {"Content-Type": "application/json"}
    for opening, closing in ((b'{"a":', b"}"), (b"[", b"]"), (b'{"orders":[', b"]}")):
        for inner in (b"1", b'"\\u0000"', b'"x"'):
            body = opening * depth + inner + closing * depth
            for path in ("/v1/orders", "/v1/orders:batch", "/v1/orders/o/cancel"):
                response = memory_api.send("POST", path, content=body, headers=headers)
                status = response.status_code
                if status == 200:  # a batch, whose items are told one by one
                    status = response.json()["results"][0]["status"]
                assert status in (400, 413, 422), (path, depth, opening)


def security_headers(response: httpx.Response) -> None:
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


def test_answers_are_not_kept_and_not_sniffed(api: Api) -> None:
    for path in ("/healthz", "/v1/events", "/v1/orders/none", "/nowhere", "/v1/%00"):
        security_headers(api.get(path))
    security_headers(api.post("/v1/orders", {}))
    security_headers(api.send("DELETE", "/v1/orders"))
