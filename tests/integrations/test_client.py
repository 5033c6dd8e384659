"""Calls to vendors over real sockets: what answers, what does not, and which addresses are called
at all."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from structlog.testing import capture_logs

from oms_ledger.access.rates import TokenBuckets
from oms_ledger.integrations.addresses import AddressGuard, is_public
from oms_ledger.integrations.client import (
    CallLimits,
    CallReport,
    ConnectionHttp,
    VendorClient,
    retry_after_seconds,
    vendor_rate,
)
from oms_ledger.integrations.ports import NoAnswer, VendorResponse
from oms_ledger.testing.fault_server import Fault, FaultServer, ServedAnswer, fault_server
from tests.certificates import Authority

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = CallLimits(
    connect_seconds=2.0,
    read_seconds=0.5,
    total_seconds=1.0,
    response_bytes=100_000,
    retry_pause_seconds=0.0,
)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


def client_of(*urls: str, tls: ssl.SSLContext | None = None) -> VendorClient:
    return VendorClient(AddressGuard(urls), LIMITS, tls)


def http_of(
    client: VendorClient, base_url: str, reports: list[CallReport], per_second: float = 0
) -> ConnectionHttp:
    rates = TokenBuckets(per_second, 1)
    return ConnectionHttp(client, "acme", base_url, reports.append, rates, lambda: NOW)


def test_a_call_has_what_it_is_given(server: FaultServer) -> None:
    reports: list[CallReport] = []
    server.answers = [ServedAnswer(201, b'{"id": 1}', {"X-Request-Id": "r1"})]
    http = http_of(client_of(server.url), f"{server.url}/v1/", reports)
    response = http.send("POST", "/charges?x=1", headers={"Authorization": "k"}, body=b"a=1")
    assert (response.status, response.body) == (201, b'{"id": 1}')
    assert response.headers["x-request-id"] == "r1"
    (request,) = server.done
    assert (request.method, request.target, request.body) == ("POST", "/v1/charges?x=1", b"a=1")
    assert request.headers["authorization"] == "k"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["accept-encoding"] == "identity"
    assert [report.code for report in reports] == [None]
    http.send("POST", "/charges")
    assert server.connections == 1, "the connection is used again"


@pytest.mark.parametrize("fault", get_args(Fault))
def test_every_fault_ends_soon_and_is_no_answer(server: FaultServer, fault: Fault) -> None:
    reports: list[CallReport] = []
    server.answers = [fault]
    http = http_of(client_of(server.url), server.url, reports)
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        http.send("POST", "/charges", body=b"a=1")
    assert time.monotonic() - began < 10.0
    assert len(server.received) == 1, "what changes something is never sent twice"
    assert [report.code is not None for report in reports] == [True]


def test_large_answers_are_refused(server: FaultServer) -> None:
    client = client_of(server.url)
    server.answers = [
        ServedAnswer(200, b"x" * LIMITS.response_bytes),
        ServedAnswer(200, b"x" * (LIMITS.response_bytes + 1)),
        ServedAnswer(200, headers={"X-Large": "x" * LIMITS.header_bytes}),
    ]
    assert len(client.call("GET", server.url, {}, b"").body) == LIMITS.response_bytes
    for _ in range(2):
        with pytest.raises(NoAnswer, match="too_large_response"):
            client.call("GET", server.url, {}, b"")


def test_what_changes_nothing_is_repeated_once(server: FaultServer) -> None:
    http = http_of(client_of(server.url), server.url, [])
    server.answers = ["close_after", ServedAnswer(200, b"here")]
    assert http.send("GET", "/charges/1").body == b"here"
    server.answers = [ServedAnswer(503), ServedAnswer(200, b"here")]
    assert http.send("GET", "/charges/1").body == b"here"
    server.answers = ["close_after", "close_after", ServedAnswer()]
    with pytest.raises(NoAnswer):
        http.send("GET", "/charges/1")
    assert len(server.received) == 6


def test_redirects_are_not_followed(server: FaultServer) -> None:
    http = http_of(client_of(server.url), server.url, [])
    server.answers = [ServedAnswer(302, b"", {"Location": f"{server.url}/elsewhere"})]
    assert http.send("GET", "/charges").status == 302
    assert len(server.received) == 1


def test_proxies_of_the_environment_are_not_used(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fault_server() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        http_of(client_of(server.url), server.url, []).send("GET", "/charges")
        assert (len(server.received), proxy.connections) == (1, 0)


# Certificates.


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.certificate))


def test_certificates_are_verified(tmp_path: Path) -> None:
    trusted, foreign = Authority(tmp_path, "trusted"), Authority(tmp_path, "foreign")
    with fault_server(trusted.issue("127.0.0.1")) as server:
        client = client_of(server.url, tls=trusting(trusted))
        assert client.call("GET", f"{server.url}/", {}, b"").status == 200
        with pytest.raises(NoAnswer, match="bad_certificate"):
            client_of(server.url, tls=trusting(foreign)).call("GET", f"{server.url}/", {}, b"")
        with pytest.raises(NoAnswer, match="bad_certificate"):
            client_of(server.url).call("GET", f"{server.url}/", {}, b"")
    with fault_server(trusted.issue("api.vendor.example")) as server:
        with pytest.raises(NoAnswer, match="bad_certificate"):
            client_of(server.url, tls=trusting(trusted)).call("GET", f"{server.url}/", {}, b"")
        assert not server.received, "nothing is sent to a server that is not the vendor's"


def test_verification_cannot_be_turned_off() -> None:
    lax = ssl.create_default_context()
    lax.check_hostname = False
    with pytest.raises(ValueError, match="always verified"):
        client_of(tls=lax)
    lax.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="always verified"):
        client_of(tls=lax)


# Addresses.


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_addresses_around_us_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:{port}/", "not_https"),
        ("https://127.0.0.1:{port}/", "private_address"),
        ("https://localhost:{port}/", "private_address"),
        ("https://[::1]:{port}/", "private_address"),
        ("https://[::ffff:127.0.0.1]:{port}/", "private_address"),
        ("https://2130706433:{port}/", "private_address"),
        ("https://0x7f000001:{port}/", "private_address"),
        ("https://0177.0.0.1:{port}/", "private_address"),
        ("https://127.1:{port}/", "private_address"),
        ("https://0:{port}/", "private_address"),
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
        ("https://user:pass@127.0.0.1:{port}/", "malformed_url"),
        ("file:///etc/passwd", "malformed_url"),
        ("gopher://127.0.0.1:{port}/", "not_https"),
        ("https:///", "malformed_url"),
        ("", "malformed_url"),
    ],
)
def test_private_addresses_are_refused(server: FaultServer, url: str, code: str) -> None:
    with pytest.raises(NoAnswer) as refused:
        client_of().call("POST", url.format(port=server.port), {}, b"")
    assert refused.value.code == code
    assert server.connections == 0


def test_a_setting_allows_one_origin_and_no_other(server: FaultServer) -> None:
    with fault_server() as other:
        client = client_of(server.url)
        assert client.call("GET", f"{server.url}/any/path", {}, b"").status == 200
        for url in (other.url, server.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(NoAnswer):
                client.call("GET", url, {}, b"")
        assert other.connections == 0


def test_the_address_that_was_checked_is_the_one_that_is_called(server: FaultServer) -> None:
    """DNS rebinding: the name leads to the internet when it is checked, and home afterwards."""
    resolved: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["203.0.113.7"] if len(resolved) == 1 else ["127.0.0.1"]

    client = VendorClient(AddressGuard((), rebinding), LIMITS)
    for _ in range(3):
        with pytest.raises(NoAnswer):
            client.call("GET", f"https://rebind.example:{server.port}/", {}, b"")
    assert server.connections == 0
    assert len(resolved) == 3, "it is resolved once for each connection"


def test_a_name_with_any_private_address_is_refused(server: FaultServer) -> None:
    both = AddressGuard((), lambda host, port: ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(NoAnswer, match="private_address"):
        VendorClient(both, LIMITS).call("GET", "https://both.example/", {}, b"")


# Rates.


def response(status: int = 200, **headers: str) -> VendorResponse:
    return VendorResponse(status, {n.replace("_", "-"): v for n, v in headers.items()}, b"")


@pytest.mark.parametrize(
    ("answer", "rate"),
    [
        (response(), (None, None, None)),
        (response(429), (None, None, 5.0)),
        (response(429, retry_after="17"), (None, None, 17.0)),
        (response(503, retry_after="17"), (None, None, 17.0)),
        (response(429, retry_after="999999"), (None, None, 3600.0)),
        (response(429, retry_after="Sun, 01 Mar 2026 12:00:30 GMT"), (None, None, 30.0)),
        (response(429, retry_after="Sun, 01 Mar 2020 12:00:30 GMT"), (None, None, 0.0)),
        (response(429, retry_after="soon"), (None, None, 5.0)),
        (response(ratelimit_limit="100", ratelimit_remaining="7"), (100, 7, None)),
        (response(x_ratelimit_limit="40, 40;w=1", x_ratelimit_remaining="0"), (40, 0, None)),
        (response(ratelimit_remaining="0", ratelimit_reset="9"), (None, 0, 9.0)),
        (response(ratelimit_limit="many"), (None, None, None)),
    ],
)
def test_rates_are_read_from_headers(
    answer: VendorResponse, rate: tuple[int | None, int | None, float | None]
) -> None:
    assert vendor_rate(answer, NOW) == rate


def test_a_pause_is_never_negative() -> None:
    assert retry_after_seconds("-5", NOW) is None
    assert retry_after_seconds("", NOW) is None


def test_a_connection_keeps_its_own_rate(server: FaultServer) -> None:
    http = http_of(client_of(server.url), server.url, [], per_second=10)
    began = time.monotonic()
    for _ in range(4):
        http.send("POST", "/charges")
    assert time.monotonic() - began >= 0.25
    slow = http_of(client_of(server.url), server.url, [], per_second=0.01)
    slow.send("POST", "/charges")
    with pytest.raises(NoAnswer) as limited:
        slow.send("POST", "/charges")
    assert limited.value.code == "rate_limited"
    assert limited.value.retry_seconds == pytest.approx(100, abs=1)
    assert len(server.received) == 5


def test_logs_name_the_connection_and_nothing_that_was_sent(server: FaultServer) -> None:
    http = http_of(client_of(server.url), server.url, [])
    server.answers = [ServedAnswer(402, b'{"card": "planted-3"}')]
    with capture_logs() as logs:
        http.send(
            "POST", "/v1/planted-1?key=planted-2", headers={"Authorization": "planted-4"}, body=b"p"
        )
    (entry,) = logs
    assert (entry["event"], entry["connection"], entry["status"]) == ("vendor_called", "acme", 402)
    assert "planted" not in str(logs)
