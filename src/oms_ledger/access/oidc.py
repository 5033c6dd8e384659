"""Verification of bearer tokens of an OpenID Connect provider.

Only asymmetric signatures by a key of the provider's key set are accepted; the token itself does
not choose how it is verified. It must name the configured issuer and audience, and be valid now,
within a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import jwt
from jwt import PyJWK, PyJWTError

from oms_ledger.access.principals import Principal
from oms_ledger.access.roles import scopes_of
from oms_ledger.domain.errors import Unauthenticated

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip

SKEW_SECONDS = 60
"""Tolerated difference between this clock and the provider's."""

TOKEN_CHARACTERS_MAX = 16_384
SUBJECT_CHARACTERS_MAX = 200

REQUIRED = ["iss", "aud", "exp", "iat", "sub"]


@dataclass(frozen=True, slots=True)
class Issuer:
    """The trusted provider. `roles` maps the values of the claim `claim` to roles."""

    url: str
    audience: str
    claim: str
    roles: Mapping[str, str]


def is_token(text: str) -> bool:
    """Whether a text has the shape of a token: three parts, the first a JSON object."""
    return text.startswith("eyJ") and text.count(".") == 2 and len(text) <= TOKEN_CHARACTERS_MAX


def key_id(token: str) -> str:
    """The id (`kid`) of the provider's key that the token claims to be signed with."""
    try:
        named = jwt.get_unverified_header(token).get("kid")
    except (PyJWTError, ValueError, RecursionError):
        named = None
    if not isinstance(named, str):
        raise _refused("It names no key that signed it.")
    return named


def principal(token: str, key: PyJWK, issuer: Issuer) -> Principal:
    """The principal of a token. `Unauthenticated` if it is invalid; the error omits it."""
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
    """A claim's values: a list, or words separated by blanks. A dotted name is a path
    (`realm_access.roles`), unless a claim has the whole name."""
    value: object = claims.get(claim)
    if value is None:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return value.split()
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated(f"This token is not valid. {why} Sign in again.", reason="invalid_token")
