"""The exceptions of exceptions.toml: licences that are not permissive, and vulnerabilities that do
no harm here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FILE = Path(__file__).with_name("exceptions.toml")

SIGN_OFF_MAX = timedelta(days=184)


@dataclass(frozen=True, slots=True)
class Hole:
    """A known vulnerability of a package, and why it may stay until a day."""

    id: str
    package: str
    reason: str
    signed_off: date
    until: date


def licences(file: Path = FILE) -> dict[str, str]:
    """The licences that are not permissive and signed off, by package."""
    entries = tomllib.loads(file.read_text("utf-8")).get("licence", [])
    for entry in entries:
        _check_reason(entry)
    return {name: entry["licence"] for entry in entries for name in entry["packages"]}


def holes(file: Path = FILE) -> list[Hole]:
    """The vulnerabilities that are signed off. Raises ValueError where one has no reason, or is
    signed off for longer than `SIGN_OFF_MAX`."""
    entries = tomllib.loads(file.read_text("utf-8")).get("hole", [])
    for entry in entries:
        _check_reason(entry)
    signed = [Hole(**entry) for entry in entries]
    for hole in signed:
        if hole.until - hole.signed_off > SIGN_OFF_MAX:
            raise ValueError(f"{hole.id} is signed off for more than {SIGN_OFF_MAX.days} days")
    return signed


def _check_reason(entry: dict[str, object]) -> None:
    if not str(entry["reason"]).strip():
        raise ValueError(f"{entry} is signed off without a reason")
