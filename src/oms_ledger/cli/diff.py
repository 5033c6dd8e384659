"""`diff`: the fields that changed between two moments, and the events that changed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from oms_ledger.app import Oms
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.lookup import OrderArgument, SkuArgument, order_id_of, run_query
from oms_ledger.cli.terminal import JsonOption, print_json, print_line
from oms_ledger.domain.errors import NotFound, invalid_field
from oms_ledger.domain.times import moment
from oms_ledger.history.changes import differences, flat
from oms_ledger.history.narrator import Narrator, change_text
from oms_ledger.history.sources import events_of_order, events_of_sku
from oms_ledger.kernel import Log, Position, Recorded
from oms_ledger.privacy.disclosure import masked_text

app = typer.Typer(
    no_args_is_help=True, help="What changed between two moments, field by field, and how."
)

FirstArgument = Annotated[str, typer.Argument(metavar="A", help="The earlier position or time.")]
LastArgument = Annotated[str, typer.Argument(metavar="B", help="The later position or time.")]


@app.command()
@on_ledger
def order(
    oms: Oms,
    which: OrderArgument,
    a: FirstArgument,
    b: LastArgument,
    json: JsonOption = False,
) -> None:
    """What changed of an order after A, up to and with B.

    Example: [bold]oms-ledger diff order WEB-000042 2026-01-30 2026-01-31T12:00:00Z[/]
    """
    first, last = _span(oms, a, b)
    order_id = order_id_of(oms, which)
    body = _compared(oms, "get_order", first, last, order_id=order_id)
    between = (r for r in events_of_order(last, order_id) if r.position > first.position)
    _show(body, last, between, json)


@app.command()
@on_ledger
def sku(
    oms: Oms,
    which: SkuArgument,
    a: FirstArgument,
    b: LastArgument,
    json: JsonOption = False,
) -> None:
    """What changed of a SKU's stock, at all locations, after A, up to and with B.

    Example: [bold]oms-ledger diff sku MUG-SPECK 100 200[/]
    """
    first, last = _span(oms, a, b)
    body = _compared(oms, "get_stock", first, last, sku=which)
    _show(body, last, events_of_sku(last, which, first.position), json)


def _span(oms: Oms, a: str, b: str) -> tuple[Log, Log]:
    first, last = oms.readers.log(moment(a, "A")), oms.readers.log(moment(b, "B"))
    if first.position > last.position:
        raise invalid_field("B", f"{b} is before {a}. Write the earlier moment first.")
    return first, last


def _compared(oms: Oms, query: str, first: Log, last: Log, **params: str) -> dict[str, Any]:
    before, after = (_then(oms, query, log.position, **params) for log in (first, last))
    if after is None:
        raise NotFound(f"There was nothing of that name up to position {last.position}.")
    changes = differences(flat(before or {}), flat(after))
    return {
        "from": first.position,
        "to": last.position,
        **params,
        "changes": [each._asdict() for each in changes],
    }


def _then(oms: Oms, query: str, position: Position, **params: str) -> Mapping[str, Any] | None:
    try:
        return run_query(oms, query, position, **params)
    except NotFound:
        return None


def _show(body: dict[str, Any], log: Log, between: Iterable[Recorded], json: bool) -> None:
    entries = Narrator(log).entries(between)
    if json:
        print_json({**body, "events": [each.json() for each in entries]})
        return
    for line in _lines(body):
        print_line(line)
    for each in entries:
        print_line(masked_text(each.text()))


def _lines(body: Mapping[str, Any]) -> Iterator[str]:
    changes = body["changes"]
    yield f"After position {body['from']}, up to {body['to']}: {len(changes)} fields changed"
    for change in changes:
        yield f"    {change_text(change['field'], change['before'], change['after'])}"
