"""The report of a verification: Markdown for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from oms_ledger.audit.verify.findings import Finding, events
from oms_ledger.audit.verify.remedies import remedy
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.kernel import Json

FORMAT = "oms-ledger/verification/v1"


@dataclass(frozen=True, slots=True)
class Check:
    """One group of checks: `about` names it in the report, `count` is the number of things
    checked."""

    name: str
    about: str
    count: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The result of a verification. `until` is the last position that was checked, `head` the
    newest one of the log; `sealed` of the events checked are under a signed root. `keys` are the
    verifier keys that were trusted, `anchors` the stores whose checkpoints were compared."""

    ledger: str
    origin: str
    program: str
    until: int
    head: int
    sealed: int
    started_at: datetime
    finished_at: datetime
    keys: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    totals: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    """What was not checked and why, in sentences."""
    repaired: tuple[str, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        return [finding for check in self.checks for finding in check.findings]

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()

    def to_json(self) -> dict[str, Json]:
        return {
            "report": FORMAT,
            "ok": self.ok,
            "ledger": self.ledger,
            "origin": self.origin,
            "program": self.program,
            "from": 1,
            "until": self.until,
            "head": self.head,
            "sealed": self.sealed,
            "started_at": rfc3339(self.started_at),
            "finished_at": rfc3339(self.finished_at),
            "keys": list(self.keys),
            "anchors": list(self.anchors),
            "checks": [
                {"name": c.name, "about": c.about, "count": c.count, "findings": len(c.findings)}
                for c in self.checks
            ],
            "order_totals": {name: to_text(sum_, name) for name, sum_ in self.totals.items()},
            "findings": [_finding(each) for each in self.findings],
            "left_out": list(self.left_out),
            "repaired": list(self.repaired),
        }

    def to_markdown(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        verdict = "nothing is wrong" if self.ok else f"{len(self.findings)} findings"
        yield f"# Verification of ledger {self.ledger}: {verdict}\n"
        yield from _table(self._facts())
        yield "\n## What was checked\n"
        yield "| What | How many | Findings |\n| --- | ---: | ---: |"
        for check in self.checks:
            yield f"| {check.about} | {check.count:,} | {len(check.findings)} |"
        if self.totals:
            sums = ", ".join(f"{to_text(n, name)} {name}" for name, n in self.totals.items())
            yield f"\nSum of all orders as agreed: {sums}."
        yield from _section("Findings", self._finding_lines())
        yield from _section("Repaired", self.repaired)
        yield from _section("What was not checked", self.left_out)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "Ledger", self.origin
        yield "Events", f"1 to {self.until:,} of {self.head:,}; {self.sealed:,} sealed"
        yield "Read from", f"{rfc3339(self.started_at)} to {rfc3339(self.finished_at)}"
        yield "Program", self.program
        yield "Trusted keys", ", ".join(self.keys) or "none"
        yield "Checkpoints from outside", ", ".join(self.anchors) or "none"

    def _finding_lines(self) -> Iterator[str]:
        for each in self.findings:
            yield f"**{each.kind}**: {each.text}"
            yield from (f"  - {name}: {text}" for name, text in _details(each))


def _details(each: Finding) -> Iterator[tuple[str, str]]:
    if each.first:
        yield "where", events(each.first, each.last)
    yield from _stated(each)
    yield "what to do", remedy(each.kind)


def _finding(each: Finding) -> dict[str, Json]:
    fields: dict[str, Json] = {"kind": each.kind, "text": each.text}
    fields |= {"first": each.first, "last": each.last} if each.first else {}
    return fields | dict(_stated(each)) | {"remedy": remedy(each.kind)}


def _stated(each: Finding) -> Iterator[tuple[str, str]]:
    """The fields of a finding that are not empty, under their names in the report."""
    values = {"stream": each.stream, "expected": each.expected, "found": each.actual}
    return ((name, value) for name, value in values.items() if value)


def _table(facts: Iterator[tuple[str, str]]) -> Iterator[str]:
    yield "| | |\n| --- | --- |"
    yield from (f"| {name} | {value} |" for name, value in facts)


def _section(title: str, lines: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    """A heading with a list below; nothing where the list is empty."""
    first = True
    for line in lines:
        if first:
            yield f"\n## {title}\n"
        first = False
        yield line if line.startswith("  ") else f"- {line}"
