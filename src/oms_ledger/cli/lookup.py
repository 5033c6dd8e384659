"""Queries of the catalogue by name, and orders by the names that people use."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from oms_ledger.app import Oms
from oms_ledger.cli.ledger import cli_actor
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.texts import forms, in_all_forms
from oms_ledger.kernel import Position, Query
from oms_ledger.privacy.disclosure import Access
from oms_projections import PROJECTIONS, QUERIES, order_status

LISTED_MAX = 20
"""Orders of one external id that an error lists."""

OrderArgument = Annotated[str, typer.Argument(help="Its id, its number, or its external id.")]
SkuArgument = Annotated[str, typer.Argument(metavar="SKU", help="The SKU.")]
CustomerArgument = Annotated[str, typer.Argument(metavar="ID", help="The customer's id.")]


def run_query(
    oms: Oms,
    name: str,
    as_of: Position | datetime | None = None,
    *,
    purpose: str = "cli",
    **params: str,
) -> Mapping[str, Any]:
    """The answer to a query of the catalogue, now or as of a moment. Personal values in it are
    disclosed to the user of the program, and recorded as such."""
    body = _run(oms, name, as_of, **params)
    return oms.show(body, access_of(name, purpose), query_named(name).answer_type)


def query_named(name: str) -> Query:
    return next(query for query in QUERIES if query.name == name)


def _run(
    oms: Oms, name: str, as_of: Position | datetime | None = None, **params: str
) -> Mapping[str, Any]:
    query = query_named(name)
    adapter: TypeAdapter[object] = TypeAdapter(query.params)
    *others, last = in_all_forms(params)
    for fields in others:
        with suppress(NotFound):
            return oms.query(query, adapter.validate_python(fields), as_of=as_of).body
    return oms.query(query, adapter.validate_python(last), as_of=as_of).body


def access_of(route: str, purpose: str = "cli") -> Access:
    """The access on record: by the user of the program, who could also read database and key."""
    user = cli_actor()
    return Access(user, user, f"oms-ledger {route}", purpose)


def order_id_of(oms: Oms, which: str) -> str:
    """The id of an order by its id, else its number in any case, else its external id. Raises
    `NotFound` where there is none, or more than one; these are listed.

    Ids are looked up in the log, numbers and external ids in the read model, brought up to date.
    """
    try:
        return str(_run(oms, "get_order", oms.readers.head(), order_id=which)["order_id"])
    except NotFound:
        oms.catch_up()
    with oms.readers.open(order_status.READ_MODEL.name) as (reader, _):
        rows = [
            row
            for form in forms(which)
            for row in reader.rows("orders_by_name", name=form, limit=LISTED_MAX)
        ]
    matches = [row for row in rows if row["by_number"]] or rows
    if not matches:
        raise NotFound(
            f"No order has the id, number or external id {which!r}. GET /v1/orders?q= searches for"
            " parts of them."
        )
    if len(matches) > 1:
        orders = [
            {name: str(row[name]) for name in ("number", "channel", "order_id")} for row in matches
        ]
        raise NotFound(f"Several orders are called {which!r}. Give the id of one.", errors=orders)
    return str(matches[0]["order_id"])


def existing_read_model(name: str) -> str:
    """The name itself. Raises `NotFound` where no read model has it."""
    names = [model.name for model in PROJECTIONS]
    if name not in names:
        raise NotFound(f"There is no read model {name!r}. There are: {', '.join(names)}.")
    return name


ReadModelArgument = Annotated[
    str, typer.Argument(help="A read model, such as order_status.", callback=existing_read_model)
]
