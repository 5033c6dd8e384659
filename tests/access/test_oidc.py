"""Bearer tokens of an identity provider: valid ones are accepted, all others refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from cryptography.hazmat.primitives import serialization

from oms_ledger.app import Oms
from oms_ledger.http.app import LedgerApi, create_app
from oms_ledger.http.heads import HEADER_BYTES_MAX
from oms_ledger.http.identity_provider import (
    FRESH_SECONDS,
    RETRY_SECONDS,
    STALE_SECONDS_MAX,
    Provider,
)
from tests.access.identity import (
    AUDIENCE,
    EC_KEY,
    ED_KEY,
    ISSUER,
    Shown,
    claims,
    provider,
    rsa_key,
    token,
)
from tests.http.conftest import Api
from tests.http.test_errors import problem_of


@pytest.fixture
def shown() -> Iterator[Shown]:
    with provider() as running:
        yield running


@pytest.fixture
def door(oms: Oms, shown: Shown) -> LedgerApi:
    oms.settings = replace(
        oms.settings,
        oidc_issuer=ISSUER,
        oidc_audience=AUDIENCE,
        oidc_jwks_url=shown.url,
        oidc_roles="shop-desk=operator, shop-eyes=analyst, root=admin",
    )
    return create_app(oms)


def status_for(door: LedgerApi, bearer: str) -> int:
    with Api(door, key=bearer) as api:
        return api.get("/v1/orders").status_code


def test_a_good_token_is_let_in_with_its_roles(door: LedgerApi, oms: Oms, api: Api) -> None:
    with Api(door, key=token()) as desk:
        assert desk.put("/v1/locations/LON", {"name": "London"}).status_code == 200
        problem_of(desk.get("/v1/projections"), 403, "forbidden")
    (event,) = api.get("/v1/events").json()["items"]
    assert event["actor"] == "oidc:a3f1"
    with Api(door, key=token(roles=["shop-eyes", "unheard-of"])) as eyes:
        assert eyes.get("/v1/analytics/shipping").status_code == 200
        problem_of(eyes.put("/v1/locations/LON", {"name": "London"}), 403, "forbidden")
    with Api(door, key=token(roles="shop-eyes root")) as root:
        assert root.get("/v1/projections").status_code == 200
    with Api(door, key=oms.api_keys.create("beside", "analyst")) as key:
        assert key.get("/v1/orders").status_code == 200


@pytest.mark.parametrize("roles", [None, [], ["admin", "operator"], "operator", 7, {"admin": 1}])
def test_a_token_without_a_mapped_role_is_forbidden_everything(door: LedgerApi, roles: Any) -> None:
    """A role is granted by the configured mapping, not by a claim that has the role's name."""
    assert status_for(door, token(roles=roles)) == 403


def test_roles_deep_in_a_token(oms: Oms, door: LedgerApi) -> None:
    for claim in ("realm_access.roles", "https://shop.example/roles"):
        oms.settings = replace(oms.settings, oidc_roles_claim=claim)
        given: dict[str, Any] = {claim: ["root"]}
        if claim.startswith("realm"):
            given = {"realm_access": {"roles": ["root"]}}
        assert status_for(create_app(oms), token(roles=None, **given)) == 200
        assert status_for(create_app(oms), token(roles=["root"])) == 403


def test_every_asymmetric_kind_of_key(door: LedgerApi, shown: Shown) -> None:
    shown.show(one=rsa_key("one"), curve=EC_KEY, edwards=ED_KEY)
    assert status_for(door, token()) == 200
    assert status_for(door, token(EC_KEY, "curve", "ES256")) == 200
    assert status_for(door, token(ED_KEY, "edwards", "EdDSA")) == 200
    assert status_for(door, token(EC_KEY, "one", "ES256")) == 401
    assert status_for(door, token(rsa_key("one"), "one", "RS512")) == 401, "not what the key is for"


def unsigned(header: dict[str, Any]) -> str:
    parts = (orjson.dumps(part) for part in (header, claims()))
    return ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts) + "."


def hostile() -> dict[str, str]:
    now = int(time.time())
    public = rsa_key("one").public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header, body, signature = token().split(".")
    # The library refuses to sign with a public key, so that it is done by hand.
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"one"}').rstrip(b"=")
    signed = head + b"." + body.encode()
    mac = base64.urlsafe_b64encode(hmac.new(pem, signed, hashlib.sha256).digest()).rstrip(b"=")
    return {
        "no algorithm": unsigned({"alg": "none", "kid": "one"}),
        "No algorithm": unsigned({"alg": "None", "kid": "one"}),
        "no signature": f"{header}.{body}.",
        "the public key as a secret": (signed + b"." + mac).decode(),
        "another's key": token(rsa_key("another")),
        "changed": f"{header}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        "expired": token(exp=now - 90),
        "not yet": token(nbf=now + 90),
        "from the future": token(iat=now + 90),
        "for ever": token(exp=None),
        "for another": token(aud="another"),
        "for others": token(aud=["another", "third"]),
        "for nobody": token(aud=None),
        "from another": token(iss="https://id.example.com/realms/other"),
        "from a longer name": token(iss=f"{ISSUER}/"),
        "from nobody": token(iss=None),
        "of nobody": token(sub=None),
        "of an empty one": token(sub=""),
        "of a line break": token(sub="a\nb"),
        "of a long one": token(sub="x" * 300),
        "an unknown key": token(kid="two"),
        "a key that is a path": token(kid="../../dev/null"),
        "no key": token(kid=""),
        "its own key": unsigned({"alg": "RS256", "kid": "one", "jwk": {"kty": "oct", "k": "AA"}}),
        "garbage": "eyJ.eyJ.eyJ",
        "deep": "eyJ" + "W" * 10_000 + ".e30.e30",
        "long": token(padding="x" * 100_000),
        "two": f"{token()}, {token()}",
    }


def test_hostile_tokens(door: LedgerApi) -> None:
    with structlog.testing.capture_logs() as logs:
        for name, bearer in hostile().items():
            with Api(door, key=bearer) as api:
                response = api.get("/v1/orders")
            if len(bearer) < HEADER_BYTES_MAX - 1000:
                problem_of(response, 401, "unauthenticated")
            else:
                problem_of(response, 431, "too_large")
            assert bearer[:40] not in response.text, name
            assert bearer[-40:] not in response.text, name
        assert not [line for line in logs if "eyJ" in repr(line)]


def test_clocks_may_differ_by_a_minute(door: LedgerApi) -> None:
    now = int(time.time())
    assert status_for(door, token(exp=now - 30)) == 200
    assert status_for(door, token(nbf=now + 30, iat=now + 30)) == 200


def test_without_a_provider_no_token_is_anything(api: Api, oms: Oms) -> None:
    assert status_for(create_app(oms), token()) == 401


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(door: LedgerApi, oms: Oms, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which the provider's keys age."""
    clock = Clock()
    made = Provider.of

    def of(settings: Any) -> Provider | None:
        created = made(settings)
        assert created is not None
        created._now = clock
        return created

    monkeypatch.setattr(Provider, "of", of)
    return clock


def test_keys_are_cached_and_new_ones_are_fetched(oms: Oms, shown: Shown, clock: Clock) -> None:
    """An unknown key id causes a fetch, but not each time."""
    door = create_app(oms)
    for _ in range(3):
        assert status_for(door, token()) == 200
    assert shown.requests == 1
    shown.show(one=rsa_key("one"), two=rsa_key("two"))
    for _ in range(3):
        assert status_for(door, token(rsa_key("two"), "two")) == 401
    assert shown.requests == 1
    clock.now += RETRY_SECONDS + 1
    assert status_for(door, token(rsa_key("two"), "two")) == 200
    assert shown.requests == 2
    for n in range(5):
        assert status_for(door, token(kid=f"made up {n}")) == 401
    assert shown.requests == 2


def test_a_key_that_is_withdrawn_ends(oms: Oms, shown: Shown, clock: Clock) -> None:
    door = create_app(oms)
    assert status_for(door, token()) == 200
    shown.show(two=rsa_key("two"))
    clock.now += FRESH_SECONDS + 1
    assert status_for(door, token()) == 401


def test_a_provider_that_is_away(oms: Oms, shown: Shown, clock: Clock) -> None:
    """Cached keys are used for a day; without any, requests are answered 503."""
    shown.status = 503
    door = create_app(oms)
    assert status_for(door, token()) == 503
    shown.status = 200
    clock.now += RETRY_SECONDS + 1
    assert status_for(door, token()) == 200
    for status, document in ((503, b""), (302, b""), (200, b"nonsense"), (200, b"x" * 1_000_001)):
        shown.status, shown.document = status, document
        clock.now += FRESH_SECONDS + 1
        assert status_for(door, token()) == 200, (status, document[:10])
    clock.now += STALE_SECONDS_MAX
    assert status_for(door, token()) == 503


def test_a_document_that_is_too_large_is_not_read_whole(
    oms: Oms, door: LedgerApi, shown: Shown
) -> None:
    """It holds the right keys, and so many spaces that only its size can be refused."""
    shown.document += b" " * 1_000_001
    assert status_for(create_app(oms), token()) == 503


def test_a_key_for_encryption_verifies_nothing(door: LedgerApi, oms: Oms, shown: Shown) -> None:
    shown.document = shown.document.replace(b'"use":"sig"', b'"use":"enc"')
    assert b'"enc"' in shown.document
    assert status_for(create_app(oms), token()) == 503


@pytest.mark.parametrize(
    "document",
    [b"[]", b"{}", b'{"keys": 3}', b'{"keys": [3]}', b'{"keys": []}', b"\xff", b"[" * 9999],
)
def test_documents_without_keys(oms: Oms, door: LedgerApi, shown: Shown, document: bytes) -> None:
    shown.document = document
    assert status_for(create_app(oms), token()) == 503


def test_keys_from_a_file(oms: Oms, door: LedgerApi, shown: Shown, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(shown.document)
    for place in (str(file), f"file://{file}"):
        oms.settings = replace(oms.settings, oidc_jwks_url=place)
        assert status_for(create_app(oms), token()) == 200
    assert shown.requests == 0
