"""Small files of the format, made up."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from oms_ledger.importers.online_retail import COLUMNS

Cells = Sequence[object]


def line(
    invoice: str,
    sku: str,
    quantity: int,
    price: str = "1.25",
    customer: str = "17850.0",
    at: str = "2011-01-04 10:00:00",
    title: str = "Thing",
    country: str = "United Kingdom",
) -> Cells:
    return (invoice, sku, title, quantity, at, price, customer, country)


def text(lines: Iterable[Cells]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    return out.getvalue()


def written(path: Path, lines: Iterable[Cells]) -> Path:
    path.write_text(text(lines), encoding="utf-8")
    return path


A_WEEK = (
    line("1", "MUG", 6, "2.55", title="A mug", at="2011-07-01 08:26:00"),
    line("1", "POST", 1, "18.00", title="Postage", at="2011-07-01 08:26:00"),
    line("1", "CUP", 2, "0.0", title="A cup, free", at="2011-07-01 08:26:00"),
    line("2", "MUG", 4, "2.495", customer="", at="2011-07-02 09:00:00", country="Unspecified"),
    line("C3", "MUG", -2, "2.55", at="2011-07-03 10:00:00"),
    line("C3", "MUG", -9, "2.55", at="2011-07-03 10:00:00"),
    line("C4", "MUG", -1, "2.55", customer="9.0", at="2011-07-03 11:00:00"),
    line("C4", "D", -1, "5.00", customer="9.0", at="2011-07-03 11:00:00"),
    line("5", "MUG", -3, "0.0", customer="", title="damages", at="2011-07-04 09:00:00"),
    line("6", "CUP", 7, "0.0", customer="", title="found", at="2011-07-04 10:00:00"),
    line("A7", "B", 1, "11062.06", customer="", title="Adjust bad debt"),
    line("8", "MUG", -1, "2.55", title="no credit note"),
    line("9", "MUG", 1, "free", title="torn"),
)
"""One of everything; what becomes of each row is in its order here."""


def months(seed: int, invoices: int) -> list[Cells]:
    """Sales, credits and corrections by chance, always the same for a seed."""
    dice = random.Random(seed)
    lines: list[Cells] = []
    for number in range(invoices):
        at = f"2011-{1 + number * 11 // invoices:02d}-{dice.randint(1, 28):02d} 12:00:00"
        customer = dice.choice(["1.0", "2.0", "3.0", ""])
        kind = dice.choices(["sale", "credit", "correction"], [8, 2, 1])[0]
        for _ in range(1 if kind == "correction" else dice.randint(1, 5)):
            sku, units = dice.choice(["A", "B", "C", "POST"]), dice.randint(1, 9)
            if kind == "sale":
                price = dice.choice(["1.25", "0.99"])
                lines.append(line(f"{number}", sku, units, price, customer, at))
            elif kind == "credit":
                lines.append(line(f"C{number}", sku, -units, "1.25", customer, at))
            else:
                lines.append(line(f"{number}", sku, -units, "0", "", at, "damages"))
    return lines
