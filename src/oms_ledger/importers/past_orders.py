"""Past orders from a file: JSON as `POST /v1/orders:import` takes it, or JSON lines with an order
each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

from oms_commands.orders.import_order import ImportOrder
from oms_ledger.bus import CommandBus
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import Invalid, OmsError, invalid_field
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.validation import from_validation, malformed, parse_json

LINES = (".jsonl", ".ndjson")
"""How the names of files with a JSON text a line end."""

BATCH = 200
"""Orders submitted together."""

_ORDER = TypeAdapter(ImportOrder)


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """`number` counts the orders of the file from 1."""

    number: int
    external_id: str | None
    code: str
    detail: str


@dataclass(slots=True)
class PastOrdersReport:
    """`already` were imported before. Each order of the file counts once."""

    imported: int = 0
    already: int = 0
    refused: list[RefusedOrder] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.imported + self.already + len(self.refused)

    @property
    def codes(self) -> Counter[str]:
        return Counter(each.code for each in self.refused)

    def write(self, path: Path) -> None:
        refused = [
            {
                "number": each.number,
                "external_id": each.external_id,
                "code": each.code,
                "detail": each.detail,
            }
            for each in self.refused
        ]
        counts = {"imported": self.imported, "already": self.already, "refused": refused}
        path.write_text(json.dumps(counts, indent=1) + "\n")


def orders_in(file: Path) -> int:
    """How many orders a file has. Refused as malformed where it cannot be read."""
    return sum(1 for _ in _texts(file))


def import_past_orders(
    bus: CommandBus,
    file: Path,
    stock: str,
    *,
    actor: str,
    dry_run: bool = False,
    progressed: Callable[[int], None] = lambda done: None,
) -> PastOrdersReport:
    """Submit every order of a file, each on its own merits; `stock` is for those that have none of
    their own. Again it changes nothing, where the orders have external ids. `progressed` is called
    with the number of orders of each batch."""
    report = PastOrdersReport()
    numbered = enumerate(_texts(file), 1)
    while batch := list(islice(numbered, BATCH)):
        submissions: list[tuple[int, Submission]] = []
        for number, text in batch:
            try:
                command = _command(text, stock)
            except OmsError as error:
                report.refused.append(RefusedOrder(number, None, error.code, _detail(error)))
                continue
            submissions.append((number, Submission(command, new_context(actor), dry_run=dry_run)))
        pending = bus.submit([submission for _, submission in submissions])
        for (number, submission), outcome in zip(submissions, pending, strict=True):
            try:
                result = outcome.result()
            except OmsError as error:
                external_id = cast(ImportOrder, submission.command).external_id
                report.refused.append(RefusedOrder(number, external_id, error.code, _detail(error)))
                continue
            new = bool(result.answer["events"]) if dry_run else result.wrote
            report.imported += new
            report.already += not new
        progressed(len(batch))
    return report


def _command(text: bytes, stock: str) -> ImportOrder:
    fields = parse_json(text)
    if not isinstance(fields, dict):
        raise invalid_field("", "Write a JSON object for each order.")
    try:
        return _ORDER.validate_python({"stock": stock, **fields})
    except ValidationError as error:
        raise from_validation(error) from None


def _detail(error: OmsError) -> str:
    """The detail, with the fields of an invalid order."""
    if not isinstance(error, Invalid):
        return error.detail
    faults = [f"{each['field']}: {each['message']}" for each in error.errors]
    return "; ".join([error.detail, *faults])


def _texts(file: Path) -> Iterator[bytes]:
    if file.suffix in LINES:
        with file.open("rb") as lines:
            yield from (line for line in lines if line.strip())
        return
    content = parse_json(file.read_bytes())
    orders = content.get("orders") if isinstance(content, dict) else content
    if not isinstance(orders, list):
        raise malformed(
            f'{file} has no list of orders. Write {{"orders": [...]}}, or a JSON object a line in'
            " a file whose name ends in .jsonl."
        )
    shared = {}
    if isinstance(content, dict) and "stock" in content:
        shared = {"stock": content["stock"]}
    for order in orders:
        yield json.dumps({**shared, **order} if isinstance(order, dict) else order).encode()
