"""The report of an import: the result of every row, and the sums that prove it complete."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from oms_ledger.domain.money import to_text
from oms_ledger.importers.online_retail import CURRENCY, SKIP_MEANINGS
from oms_ledger.importers.survey import SalesTotal, Survey
from oms_ledger.kernel import Json

APPLIED_MEANINGS = {
    "sale": "line of an order",
    "gift": "line of an order at 0.00",
    "return_matched": "goods back, matched to the customer's latest sales of them",
    "return_partly_matched": "goods back, some matched to a sale and the rest to none",
    "return_unmatched": "goods back to stock alone: no earlier sale of them to this customer",
    "stock_found": "stock corrected upwards, the description as reason",
    "write_off": "stock corrected downwards, the description as reason",
}

REFUSAL_MEANINGS = {
    "external_id_reused": "the ledger has an order of this invoice number with other content",
    "idempotency_key_reused": "an earlier import had another row at this place of the invoice",
    "insufficient_stock": "fewer units lie there than the file writes off",
}

REFUSED = "refused_"
"""The prefix of a reason that is the code of a refusal by the ledger."""

NOTES = (
    "Times in the file are taken as local to Europe/London and kept in UTC.",
    "SKUs are kept as written: those that differ only in case are different products.",
    "Codes without goods (POST, DOT, M, C2, D, S, B, BANK CHARGES, AMAZONFEE, CRUK and gift"
    " vouchers) are products that are not stocked.",
)


@dataclass(slots=True)
class Revenue:
    """Revenue of goods and of services: in the file, and in pence over the lines of the orders in
    the ledger."""

    goods: SalesTotal
    services: SalesTotal
    goods_in_ledger: int = 0
    services_in_ledger: int = 0

    @property
    def agrees(self) -> bool:
        """Whether file and ledger are equal: to the penny, and exactly with rounded prices."""
        return all(
            file.minor == ledger and pence(file.exact) == ledger
            for file, ledger in (
                (self.goods, self.goods_in_ledger),
                (self.services, self.services_in_ledger),
            )
        )


class SkippedRow(NamedTuple):
    """A row that was skipped: `because` is a `Skip`, or `REFUSED` and the code of the refusal,
    whose message is `detail`."""

    row: int
    invoice: str | None
    sku: str | None
    because: str
    detail: str | None = None


@dataclass(slots=True)
class ImportReport:
    """The report of one run.

    `applied` counts rows by result, `skipped_rows` lists the others; `already` counts rows of both
    that an earlier run had handled. `refused` counts refused steps without a row (shipments of
    orders without stock, for example) by command and code. `facts` counts orders, returned units
    and the like. `seconds` has the time of each phase, `file` is the imported file and `path` that
    of the report.
    """

    file: str
    survey: Survey
    revenue: Revenue
    path: Path
    applied: Counter[str] = field(default_factory=Counter)
    skipped_rows: list[SkippedRow] = field(default_factory=list)
    already: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    events: int = 0
    position: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return self.survey.rows

    @property
    def skipped(self) -> Counter[str]:
        """Skipped rows by reason."""
        return Counter(row.because for row in self.skipped_rows)

    @property
    def balances(self) -> bool:
        """Rows read = rows applied + rows skipped."""
        return self.rows == self.applied.total() + len(self.skipped_rows)

    @property
    def total_seconds(self) -> float:
        return sum(self.seconds.values())

    def to_json(self) -> dict[str, Json]:
        revenue = self.revenue
        return {
            "file": self.file,
            "rows": {
                "read": self.rows,
                "applied": self.applied.total(),
                "skipped": len(self.skipped_rows),
                "accounted_for": self.balances,
                "applied_or_skipped_by_an_earlier_run": self.already,
                "applied_as": dict(sorted(self.applied.items())),
                "skipped_because": dict(sorted(self.skipped.items())),
            },
            "invoices": len(self.survey.last),
            "facts": dict(sorted(self.facts.items())),
            "refused_steps": dict(sorted(self.refused.items())),
            "revenue": {
                "currency": CURRENCY,
                "how": "sum of quantity x unit price over sales; in the file with exact decimals,"
                " in the ledger over the lines of every order of this file, read from the log",
                "goods": _sums(revenue.goods, revenue.goods_in_ledger),
                "services": _sums(revenue.services, revenue.services_in_ledger),
                "agrees_to_the_penny": revenue.agrees,
                "prices_rounded_to_pence": self.survey.rounded,
            },
            "skus": len(self.survey.titles),
            "skus_differing_only_in_case": self.survey.case_twins,
            "rows_by_country_without_code": dict(sorted(self.survey.unmapped_countries.items())),
            "events_written": self.events,
            "position": self.position,
            "seconds": {phase: round(took, 1) for phase, took in self.seconds.items()},
            "notes": list(NOTES),
            "skipped_rows": [row._asdict() for row in sorted(self.skipped_rows)],
        }

    def write(self) -> None:
        """Write the report as JSON to `path`."""
        self.path.write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")

    def show(self, console: Console) -> None:
        """Print the report for people."""
        console.print(_rows_table(self))
        console.print(_revenue_table(self.revenue))
        for sentence in _sentences(self):
            console.print(sentence)


def pence(amount: Decimal) -> int:
    """To the nearest penny."""
    return int(amount.scaleb(2).to_integral_value())


def _sums(file: SalesTotal, ledger: int) -> dict[str, Json]:
    return {"file": str(file.exact), "ledger": to_text(ledger, CURRENCY)}


def _rows_table(report: ImportReport) -> Table:
    table = Table(title="Every row of the file", show_footer=True)
    table.add_column("Rows", justify="right", footer=f"{report.rows:,}")
    table.add_column("Became", footer="read")
    table.add_column("Because")
    for name, meaning in APPLIED_MEANINGS.items():
        if report.applied[name]:
            table.add_row(f"{report.applied[name]:,}", name, meaning, style="green")
    table.add_row(f"{report.applied.total():,}", "applied", "", style="bold", end_section=True)
    for name, count in sorted(report.skipped.items()):
        table.add_row(f"{count:,}", Text(name), Text(_why(name)), style="yellow")
    table.add_row(f"{len(report.skipped_rows):,}", "skipped", "", style="bold")
    return table


def _why(name: str) -> str:
    if name in SKIP_MEANINGS:
        return SKIP_MEANINGS[name]
    code = name.removeprefix(REFUSED)
    return REFUSAL_MEANINGS.get(code, "refused by the ledger: " + code.replace("_", " "))


def _revenue_table(revenue: Revenue) -> Table:
    table = Table(title=f"Revenue of the sales, {CURRENCY}: quantity x unit price")
    for heading in ("", "In the file", "In the ledger", ""):
        table.add_column(heading, justify="right")
    both = SalesTotal(
        revenue.goods.exact + revenue.services.exact, revenue.goods.minor + revenue.services.minor
    )
    for name, file, ledger in (
        ("goods", revenue.goods, revenue.goods_in_ledger),
        ("services and fees", revenue.services, revenue.services_in_ledger),
        ("together", both, revenue.goods_in_ledger + revenue.services_in_ledger),
    ):
        equal = pence(file.exact) == ledger == file.minor
        verdict = Text("equal to the penny", "green") if equal else Text("differs", "red")
        table.add_row(name, f"{file.exact:,}", f"{Decimal(to_text(ledger, CURRENCY)):,}", verdict)
    return table


def _sentences(report: ImportReport) -> Iterator[Text]:
    """The report in sentences. They repeat names of the file, which count as no markup."""
    account = ("accounted for", "") if report.balances else ("NOT accounted for", "red")
    yield Text.assemble(
        f"{report.rows:,} rows of {len(report.survey.last):,} invoices ",
        account,
        f"; {report.already:,} of them had been dealt with by an earlier run.",
    )
    yield from map(Text, _facts(report))


def _facts(report: ImportReport) -> Iterator[str]:
    facts, survey = report.facts, report.survey
    yield ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in facts.items()) + "."
    if report.refused:
        reasons = ", ".join(f"{count:,} {code}" for code, count in report.refused.items())
        yield f"Steps that belong to no row and were refused: {reasons}."
    if survey.rounded:
        yield f"{survey.rounded} prices had fractions of a penny and were rounded."
    if survey.unmapped_countries:
        names = ", ".join(f"{name} ({n:,} rows)" for name, n in survey.unmapped_countries.items())
        yield f"Without an ISO code, so shipped to no country: {names}."
    yield from NOTES
    yield (
        f"{report.events:,} events written, {_rates(report)}; the ledger is at position"
        f" {report.position:,}."
    )
    yield f"The account of every row: {report.path}"


def _rates(report: ImportReport) -> str:
    phases = ", ".join(f"{phase} {took:,.1f} s" for phase, took in report.seconds.items())
    importing = report.seconds.get("importing")
    if not importing:
        return phases
    per_second = f"{report.rows / importing:,.0f} rows/s, {report.events / importing:,.0f} events/s"
    return f"{phases} ({per_second})"
