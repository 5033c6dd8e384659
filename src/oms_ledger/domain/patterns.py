"""Patterns of texts that come in from outside, and what to write where one does not match."""

from __future__ import annotations

from collections.abc import Mapping

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
NO_NUL = r"^[^\x00]*$"
CODE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$"
CURRENCY = r"^[A-Z]{3}$"
COUNTRY = r"^[A-Z]{2}$"
POSTAL_PREFIX = r"^[0-9A-Z]{0,3}$"
LOCALE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$"
LOT = r"^[^\x00-\x20\x7f@/]+$"
DAY = r"^\d{4}-\d{2}-\d{2}$"

REMEDIES: Mapping[str, str] = {
    PRINTABLE: "Leave out line breaks and other control characters.",
    LOT: "Leave out spaces, `@`, `/` and control characters.",
    DAY: "Write a day as 2026-11-26.",
    NO_NUL: "Leave out the character NUL.",
    CODE: (
        "Write at most 50 letters, digits, underscores, dots and dashes, the first of them a letter"
        " or a digit."
    ),
    CURRENCY: 'Write the three capital letters of an ISO 4217 code, such as "EUR".',
    LOCALE: 'Write a BCP 47 language tag, such as "de" or "en-GB".',
    POSTAL_PREFIX: "Write at most three digits and capital letters, with which postal codes begin.",
    COUNTRY: 'Write the two capital letters of an ISO 3166 code, such as "GB".',
}
"""The remedy of each pattern that a field has."""
