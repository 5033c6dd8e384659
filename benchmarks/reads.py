"""Reading back: one order, and the newest page of the list, with 20,000 orders there."""

from __future__ import annotations

import random
import tempfile
from itertools import islice
from pathlib import Path

from benchmarks.compare import Plan, Ratio, Table, take_turns
from benchmarks.served import Load, route, served_ledger, wrk
from benchmarks.shop import ACTOR, five_event_order, ledger, stocked
from oms_ledger.app import Oms
from oms_ledger.domain.errors import OmsError

ORDERS = 20_000
CONNECTIONS = 64
ONE, PAGE, NULL = "GET one order", "GET the list, 50 orders", "GET that reads nothing"


def measure(server: str, plan: Plan) -> Table:
    with (
        ledger(server, "reads") as settings,
        stocked(settings) as oms,
        tempfile.TemporaryDirectory() as folder,
    ):
        plan.progress(f"placing {ORDERS:,} orders")
        ids = Path(folder) / "ids"
        ids.write_text("\n".join(_placed(oms)))
        plan.progress("folding them")
        oms.catch_up()
        one = Load("reads.lua", CONNECTIONS, {"ORDERS_IDS": str(ids)})
        page = Load("reads.lua", CONNECTIONS, {})
        with served_ledger(settings) as serve, route("benchmarks.null_route", {}) as null:
            runs = take_turns(
                plan,
                {
                    ONE: lambda seconds: wrk(serve, one, seconds),
                    PAGE: lambda seconds: wrk(serve, page, seconds),
                    NULL: lambda seconds: wrk(null, one, seconds),
                },
            )
    notes = [f"{ORDERS:,} orders of three lines; {CONNECTIONS} connections."]
    return Table(
        "reads", "Queries", "requests/s", runs, [Ratio(ONE, NULL), Ratio(PAGE, NULL)], notes
    )


def _placed(oms: Oms) -> list[str]:
    chance = random.Random(1)
    ids = []
    commands = (five_event_order(chance) for _ in range(ORDERS))
    while some := list(islice(commands, 500)):
        for result in oms.execute_many(some, actor=ACTOR):
            assert not isinstance(result, OmsError), result
            ids.append(str(result.answer["order_id"]))
    return ids
