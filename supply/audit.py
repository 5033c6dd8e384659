"""`python -m supply.audit`: known holes in everything that is locked.

Fails on a hole that is not signed off. Where nobody can be asked (no network, or a package index
without advisories), it says so and does not fail: it must not keep anybody from working offline.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from supply.packages import LOCK, ROOT
from supply.signed_off import Hole, holes

TOOL = ROOT / ".venv-tools" / "bin" / "pip-audit"

QUESTION = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")

NOT_ASKED = "NOT AUDITED: {why}. Nothing is known of holes in what is locked; run it again online."


class Found(NamedTuple):
    package: str
    version: str
    ids: frozenset[str]
    fixed_in: str


class Verdict(NamedTuple):
    """What is said, line by line, and whether it is well."""

    lines: list[str]
    ok: bool


def main(arguments: Sequence[str]) -> int:
    """The exit code. Arguments go to pip-audit, to ask another service, say."""
    if not TOOL.exists():
        print(NOT_ASKED.format(why="pip-audit is not installed (make tools)"))
        return 0
    asked = subprocess.run(
        [str(TOOL), "-r", str(LOCK), *QUESTION, *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        report = json.loads(asked.stdout)
    except ValueError:
        last = (asked.stderr.strip().splitlines() or ["no answer"])[-1]
        print(NOT_ASKED.format(why=f"the advisory service cannot be asked ({last[:200]})"))
        return 0
    said = verdict(report, holes(), datetime.now(UTC).date())
    print("\n".join(said.lines))
    return 0 if said.ok else 1


def verdict(report: Mapping[str, Any], signed: Sequence[Hole], today: date) -> Verdict:
    """What a report of pip-audit comes to, with what is signed off."""
    packages = report["dependencies"]
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    if len(skipped) == len(packages):
        return Verdict([NOT_ASKED.format(why="the service that was asked knows no package")], True)
    lines, ok = [f"{len(packages) - len(skipped)} packages audited."], True
    if skipped:
        lines.append(f"Not known to the service, so not audited: {', '.join(sorted(skipped))}.")
    open_holes = list(_found(packages))
    for found in open_holes:
        hole = next((h for h in signed if h.id in found.ids and h.package == found.package), None)
        well = hole is not None and today <= hole.until
        ok = ok and well
        lines.append(_told(found, hole, today))
    known = frozenset().union(*(found.ids for found in open_holes))
    lines += [f"{h.id} ({h.package}) is gone: take it out of supply/exceptions.toml."
              for h in signed if h.id not in known]  # fmt: skip
    return Verdict(lines, ok)


def _found(packages: Sequence[Mapping[str, Any]]) -> Iterator[Found]:
    for each in packages:
        for hole in each.get("vulns", ()):
            ids = frozenset({hole["id"], *hole.get("aliases", ())})
            yield Found(each["name"], each["version"], ids, ", ".join(hole["fix_versions"]))


def _told(found: Found, hole: Hole | None, today: date) -> str:
    what = f"{found.package} {found.version}: {', '.join(sorted(found.ids))}"
    if hole is None:
        remedy = f"Upgrade to {found.fixed_in}" if found.fixed_in else "No version is without it"
        return f"HOLE  {what}. {remedy}, or sign it off in supply/exceptions.toml."
    if today > hole.until:
        return f"HOLE  {what}. It was signed off until {hole.until}: look at it again."
    return f"signed off until {hole.until}  {what}: {hole.reason}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
