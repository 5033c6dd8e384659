"""Finding things by what people call them, and asking about them."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from oms_ledger.app import Oms
from oms_ledger.domain.errors import NotFound
from oms_ledger.kernel import Position
from oms_ledger.privacy.disclosure import Access
from oms_projections import PROJECTIONS, QUERIES

OrderArgument = Annotated[str, typer.Argument(help="Its id, its number, or its external id.")]
SkuArgument = Annotated[str, typer.Argument(metavar="SKU", help="The SKU.")]
CustomerArgument = Annotated[str, typer.Argument(metavar="ID", help="The customer's id.")]


def ask(
    oms: Oms,
    name: str,
    as_of: Position | datetime | None = None,
    *,
    purpose: str = "cli",
    **params: str,
) -> Mapping[str, Any]:
    """The answer to a query of the catalogue, now or as of a moment. What is personal in it is
    shown to whoever runs the program, on record."""
    body = _answer(oms, name, as_of, **params)
    return oms.show(body, access_of(name, purpose))


def _answer(
    oms: Oms, name: str, as_of: Position | datetime | None = None, **params: str
) -> Mapping[str, Any]:
    query = next(query for query in QUERIES if query.name == name)
    checked: object = TypeAdapter(query.params).validate_python(params)
    return oms.ask(query, checked, as_of=as_of).body


def access_of(route: str, purpose: str = "cli") -> Access:
    """Whoever runs the program, who could also read the database and the key."""
    who = f"cli:{getpass.getuser()}"
    return Access(who, who, f"oms-ledger {route}", purpose)


def order_id_of(oms: Oms, which: str) -> str:
    """Ids are tried first, in the log; then what people call an order, its number or its external
    id, in the read model as far as it has got."""
    try:
        return str(_answer(oms, "get_order", oms.readers.head(), order_id=which)["order_id"])
    except NotFound:
        oms.catch_up()
        found = _answer(oms, "list_orders", q=which, limit="50")["items"]
    called = [o for o in found if which in (o["order_number"], o["external_id"])]
    if len(called) != 1:
        raise NotFound(f"{len(called)} orders are called {which!r}. Give the order's id.")
    return str(called[0]["order_id"])


def existing_read_model(name: str) -> str:
    names = [model.name for model in PROJECTIONS]
    if name not in names:
        raise NotFound(f"There is no read model {name!r}. There are: {', '.join(names)}.")
    return name


ReadModelArgument = Annotated[
    str, typer.Argument(help="A read model, such as order_status.", callback=existing_read_model)
]
