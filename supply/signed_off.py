"""What is signed off in exceptions.toml: licences that ask for more, holes that do no harm here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FILE = Path(__file__).with_name("exceptions.toml")

LONGEST = timedelta(days=184)


@dataclass(frozen=True, slots=True)
class Hole:
    """A known hole in a package, and why it may stay until that day."""

    id: str
    package: str
    reason: str
    signed_off: date
    until: date


def licences(file: Path = FILE) -> dict[str, str]:
    """The licence that each package may have besides permissive ones, by its name."""
    found = tomllib.loads(file.read_text("utf-8")).get("licence", [])
    return {name: each["licence"] for each in found if _said(each) for name in each["packages"]}


def holes(file: Path = FILE) -> list[Hole]:
    """`ValueError` where one is signed off without a reason, or for too long."""
    found = tomllib.loads(file.read_text("utf-8")).get("hole", [])
    signed = [Hole(**each) for each in found if _said(each)]
    for hole in signed:
        if hole.until - hole.signed_off > LONGEST:
            raise ValueError(f"{hole.id} is signed off for more than {LONGEST.days} days")
    return signed


def _said(each: dict[str, object]) -> bool:
    if not str(each["reason"]).strip():
        raise ValueError(f"{each} is signed off without a reason")
    return True
