"""`python -m supply.audit`: known vulnerabilities of the locked packages.

Fails on a vulnerability that is not signed off. Without an advisory service (no network, or a
package index without advisories) it prints so and does not fail, so that work offline is possible.
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

OPTIONS = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")

NOT_AUDITED = (
    "NOT AUDITED: {why}. Nothing is known of holes in what is locked; run it again online."
)


class Vulnerability(NamedTuple):
    """A known vulnerability of a locked package; `ids` are its names in all registers."""

    package: str
    version: str
    ids: frozenset[str]
    fixed_in: str


class Verdict(NamedTuple):
    """The lines to print; `ok` unless a vulnerability is not signed off."""

    lines: list[str]
    ok: bool


def main(arguments: Sequence[str]) -> int:
    """The exit code. `arguments` are passed on to pip-audit, for another service for example."""
    if not TOOL.exists():
        print(NOT_AUDITED.format(why="pip-audit is not installed (make tools)"))
        return 0
    audit = subprocess.run(
        [str(TOOL), "-r", str(LOCK), *OPTIONS, *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        report = json.loads(audit.stdout)
    except ValueError:
        last = (audit.stderr.strip().splitlines() or ["no answer"])[-1]
        print(NOT_AUDITED.format(why=f"the advisory service cannot be asked ({last[:200]})"))
        return 0
    result = verdict(report, holes(), datetime.now(UTC).date())
    print("\n".join(result.lines))
    return 0 if result.ok else 1


def verdict(report: Mapping[str, Any], signed: Sequence[Hole], today: date) -> Verdict:
    """The verdict on a report of pip-audit, given what is signed off until `today`."""
    packages = report["dependencies"]
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    if len(skipped) == len(packages):
        return Verdict([NOT_AUDITED.format(why="the advisory service knows no package")], True)
    lines, ok = [f"{len(packages) - len(skipped)} packages audited."], True
    if skipped:
        lines.append(f"Not known to the service, so not audited: {', '.join(sorted(skipped))}.")
    vulnerabilities = list(_vulnerabilities(packages))
    for each in vulnerabilities:
        hole = next((h for h in signed if h.id in each.ids and h.package == each.package), None)
        ok = ok and hole is not None and today <= hole.until
        lines.append(_line(each, hole, today))
    reported = frozenset().union(*(each.ids for each in vulnerabilities))
    lines += [f"{h.id} ({h.package}) is gone: take it out of supply/exceptions.toml."
              for h in signed if h.id not in reported]  # fmt: skip
    return Verdict(lines, ok)


def _vulnerabilities(packages: Sequence[Mapping[str, Any]]) -> Iterator[Vulnerability]:
    for each in packages:
        for hole in each.get("vulns", ()):
            ids = frozenset({hole["id"], *hole.get("aliases", ())})
            yield Vulnerability(each["name"], each["version"], ids, ", ".join(hole["fix_versions"]))


def _line(vulnerability: Vulnerability, hole: Hole | None, today: date) -> str:
    ids = ", ".join(sorted(vulnerability.ids))
    what = f"{vulnerability.package} {vulnerability.version}: {ids}"
    if hole is None:
        fixed_in = vulnerability.fixed_in
        remedy = f"Upgrade to {fixed_in}" if fixed_in else "No version is without it"
        return f"HOLE  {what}. {remedy}, or sign it off in supply/exceptions.toml."
    if today > hole.until:
        return f"HOLE  {what}. It was signed off until {hole.until}: look at it again."
    return f"signed off until {hole.until}  {what}: {hole.reason}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
