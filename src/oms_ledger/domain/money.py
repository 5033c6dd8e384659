"""Money: integer minor units beside a currency. Splits never lose a cent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from oms_ledger.domain.text_kinds import Harmless
from oms_ledger.kernel import Record

_TWO_DIGITS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"

DIGITS: dict[str, int] = (
    dict.fromkeys(_TWO_DIGITS.split(), 2)
    | dict.fromkeys(_NO_DIGITS.split(), 0)
    | dict.fromkeys(_THREE_DIGITS.split(), 3)
)
"""Decimal digits of the minor unit of each currency of ISO 4217. Withdrawn currencies stay: stored
orders have them."""


class Money(Record, frozen=True):
    """`minor` units (pence, cents) of `currency`."""

    minor: int
    currency: Harmless

    def __str__(self) -> str:
        """As people read it: `2.55 GBP`."""
        return f"{to_text(self.minor, self.currency)} {self.currency}"

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def split(self, weights: Iterable[int]) -> list[Money]:
        """Parts in proportion to `weights`, as `split` makes them."""
        return [Money(part, self.currency) for part in split(self.minor, weights)]


def split(minor: int, weights: Iterable[int]) -> list[int]:
    """Parts in proportion to `weights` that add up to the whole exactly: each part is rounded
    down, and the minor units left over go to the largest remainders, first come first."""
    shares = list(weights)
    total = sum(shares)
    if total <= 0 or min(shares) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    parts = [minor * w // total for w in shares]
    remainders = [minor * w % total for w in shares]
    order = sorted(range(len(shares)), key=lambda i: -remainders[i])
    for i in order[: minor - sum(parts)]:
        parts[i] += 1
    return parts


def in_proportion(minor: int, part: int, whole: int) -> int:
    """What `part` units have of an amount that `whole` units have, rounded half up: the first of
    `split(minor, (part, whole - part))`. `part` may be more than the whole."""
    return (2 * minor * part + whole) // (2 * whole)


@lru_cache(maxsize=10_000)  # the same prices come again and again
def to_minor(amount: Decimal, currency: str) -> int:
    """`2.55` GBP to 255. ValueError for an unknown currency or an amount finer than its
    minor unit; nothing is rounded silently."""
    digits = DIGITS.get(currency)
    if digits is None:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code")
    minor = int(amount.scaleb(digits))
    if Decimal(minor).scaleb(-digits) != amount:  # scaling rounds to 28 digits, comparing never
        raise ValueError(f"{amount} is finer than {currency} allows ({digits} decimal digits)")
    return minor


@lru_cache(maxsize=10_000)
def to_text(minor: int, currency: str) -> str:
    """255 GBP to `2.55`, as the API writes money."""
    digits = DIGITS[currency]
    if digits == 0:
        return str(minor)
    sign, absolute = ("-", -minor) if minor < 0 else ("", minor)
    scale = 10**digits
    return f"{sign}{absolute // scale}.{absolute % scale:0{digits}d}"
