"""Tokens of an OpenID Connect provider: whether one is good, and whose it is.

Only asymmetric signatures count, by a key of the provider's own set: no token says itself how it
is to be checked. It must be from the issuer, for us, and of this time, give or take a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import jwt
from jwt import PyJWK, PyJWKSet, PyJWTError

from oms_ledger.access.principals import Principal
from oms_ledger.access.roles import scopes_of
from oms_ledger.domain.errors import Unauthenticated

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip

SKEW_SECONDS = 60
"""By which our clock and theirs may differ."""

TOKEN_CHARACTERS_MAX = 16_384
SUBJECT_CHARACTERS_MAX = 200

REQUIRED = ["iss", "aud", "exp", "iat", "sub"]


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens count: `roles` says which role each value of the claim gives."""

    url: str
    audience: str
    claim: str
    roles: Mapping[str, str]


def is_token(text: str) -> bool:
    """Whether this has the shape of one: three parts, the first a JSON object."""
    return text.startswith("eyJ") and text.count(".") == 2 and len(text) <= TOKEN_CHARACTERS_MAX


def key_id(token: str) -> str:
    """Which of the provider's keys it claims to be signed with."""
    try:
        named = jwt.get_unverified_header(token).get("kid")
    except (PyJWTError, ValueError, RecursionError):
        named = None
    if not isinstance(named, str):
        raise _refused("It names no key that signed it.")
    return named


def keys_in(document: bytes) -> dict[str, PyJWK]:
    """The keys of a JWKS document, by their ids; those of an unknown kind are left out.
    `ValueError` where there are none."""
    try:
        found = PyJWKSet.from_json(document.decode())
    except (PyJWTError, ValueError, AttributeError, TypeError, RecursionError):
        raise ValueError("it is no JWKS document, or has no key that is usable") from None
    return {key.key_id: key for key in found if key.key_id is not None}


def principal(token: str, key: PyJWK, issuer: Issuer) -> Principal:
    """Whose token this is; `Unauthenticated` says what is wrong with it, and never shows it."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=issuer.audience,
            issuer=issuer.url,
            leeway=SKEW_SECONDS,
            options={"require": REQUIRED, "enforce_minimum_key_length": True},
        )
    except jwt.ExpiredSignatureError:
        raise _refused("It has expired.") from None
    except jwt.InvalidAudienceError:
        raise _refused("It is not for this service (aud).") from None
    except jwt.InvalidIssuerError:
        raise _refused("It is not from the provider that is trusted here (iss).") from None
    except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise _refused("Its signature or its claims do not hold.") from None
    subject = claims["sub"]
    if not subject.isprintable() or not 0 < len(subject) <= SUBJECT_CHARACTERS_MAX:
        raise _refused("It names nobody (sub).")
    name = f"oidc:{subject}"
    return Principal(name, name, _scopes(claims, issuer))


def _scopes(claims: Mapping[str, object], issuer: Issuer) -> frozenset[str]:
    given = (issuer.roles[v] for v in _values(claims, issuer.claim) if v in issuer.roles)
    return frozenset().union(*(scopes_of(role) for role in given))


def _values(claims: Mapping[str, object], claim: str) -> Iterable[str]:
    """A claim's values: a list, or text with blanks between. A dot leads into a claim
    (`realm_access.roles`), unless there is one of the whole name."""
    found: object = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return found.split()
    return [v for v in found if isinstance(v, str)] if isinstance(found, list) else []


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated(f"This token is not valid. {why} Sign in again.")
