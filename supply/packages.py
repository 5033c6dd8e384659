"""The packages that run with the program: as locked, and as installed here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"

PERMISSIVE = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CNRI-Python", "HPND", "ISC", "MIT",
     "MIT-0", "MIT-CMU", "PSF-2.0", "PostgreSQL", "Python-2.0", "Unlicense", "Zlib"}
)  # fmt: skip

SPDX_NAMES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSF": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Licences as packages write them, and their SPDX names."""

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Locked:
    """A package of the lock: its version and the SHA-256 of each of its files."""

    version: str
    hashes: tuple[str, ...]


def locked(file: Path = LOCK) -> dict[str, Locked]:
    """The packages of a lock by canonical name."""
    packages: dict[str, Locked] = {}
    name = ""
    for line in file.read_text("utf-8").splitlines():
        if pinned := _PINNED.match(line):
            name = canonicalize_name(pinned[1])
            packages[name] = Locked(pinned[2], ())
        elif hashed := _HASH.search(line):
            package = packages[name]
            packages[name] = Locked(package.version, (*package.hashes, hashed[1]))
    return packages


def running() -> dict[str, Distribution]:
    """The installed packages that the program and its extras depend on, by canonical name. Raises
    `SystemExit` where one is missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    waiting = list(_required([*project["dependencies"], *chain(*extras.values())], ""))
    packages: dict[str, Distribution] = {}
    visited = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in visited:
            continue
        visited.add((name, extra))
        try:
            packages[name] = distribution(name)
        except PackageNotFoundError:
            raise SystemExit(f"{name} is not installed. Run: make setup") from None
        waiting += _required(packages[name].requires or (), extra)
    return dict(sorted(packages.items()))


def _required(texts: Iterable[str], extra: str) -> Iterator[tuple[str, str]]:
    """The required packages as (name, extra): each without an extra and with each that is named."""
    for requirement in map(Requirement, texts):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            name = canonicalize_name(requirement.name)
            yield from ((name, each) for each in ("", *sorted(requirement.extras)))


def licence(package: Distribution) -> str:
    """The licence of a package: an SPDX expression, or else as the package writes it."""
    for expression in package.metadata.get_all("License-Expression") or ():
        return str(expression)
    classifiers = package.metadata.get_all("Classifier") or ()
    named = [c.removeprefix(_CLASSIFIER) for c in classifiers if c.startswith(_CLASSIFIER)]
    if not named:
        texts = package.metadata.get_all("License") or ["unknown"]
        named = [text.strip().partition("\n")[0] for text in texts]
    return " OR ".join(SPDX_NAMES.get(name, name) for name in named)


def is_permissive(expression: str) -> bool:
    """Whether an SPDX expression allows a choice of permissive licences only."""
    return _any_of(re.findall(r"[()]|[^\s()]+", expression))


def _any_of(words: list[str]) -> bool:
    """Parse a disjunction from the front of `words` (AND binds more than OR); whether it is
    permissive."""
    possible = _all_of(words)
    while words[:1] == ["OR"]:
        words.pop(0)
        possible = _all_of(words) or possible
    return possible


def _all_of(words: list[str]) -> bool:
    permissive = _one(words)
    while words[:1] == ["AND"]:
        words.pop(0)
        permissive = _one(words) and permissive
    return permissive


def _one(words: list[str]) -> bool:
    word = words.pop(0) if words else ""
    if word != "(":
        return word in PERMISSIVE
    permissive = _any_of(words)
    if words[:1] == [")"]:
        words.pop(0)
    return permissive
