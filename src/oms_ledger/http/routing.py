"""Simulations of routing: the ranking for one order, and back-tests that are done in seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import cast

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from oms_commands.routing._simulation import SimulateRouting
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.log_states import StatesOfLog
from oms_ledger.domain.routing.backtest import backtest
from oms_ledger.domain.routing.explanation import explain, placed_order
from oms_ledger.domain.routing.views import backtest_view, explanation_view
from oms_ledger.http.bodies import command_body_of, refuse_large_command
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import query_fields, request_headers
from oms_ledger.http.streams.feed import refuse_others
from oms_ledger.kernel import Json, Position
from oms_ledger.validation import from_validation

BACKTEST_SECONDS = 8.0
"""How long a back-test may take here: less than a request may."""

RULES = "rules"
"""The name of the one set of rules of a request."""


class SimulationHandler:
    """Nothing is written, and nothing waits for it: it reads the log."""

    def __init__(self, oms: Oms, threads: Threads, disclosure: Disclosure) -> None:
        self._oms = oms
        self._threads = threads
        self._disclosure = disclosure
        self._validate = TypeAdapter(SimulateRouting).validator.validate_json

    async def __call__(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        body = await command_body_of(request, request_headers(request))
        refuse_large_command(body)
        try:
            simulation = cast(SimulateRouting, self._validate(body or b"{}"))
        except ValidationError as error:
            raise from_validation(error) from None
        answer, position = await self._threads.run(partial(self._simulate, simulation))
        headers = {"ledger-position": str(position)}
        return await self._disclosure.answer(request, answer, 200, headers)

    def _simulate(self, simulation: SimulateRouting) -> tuple[Mapping[str, Json], Position]:
        log = self._oms.readers.log()
        given = StatesOfLog(log)
        rules = simulation.rules_in(given)
        if simulation.is_backtest:
            tested = backtest(log, {RULES: rules or ()}, simulation.scope, _limited())
            currency = next((r.currency for r in rules or () if r.kind == "cost"), None)
            return {"ranking": None, "backtest": backtest_view(tested, currency)}, log.position
        if simulation.order is not None:
            terms, area = simulation.order.terms(given), simulation.order.postal_area
        else:
            order = placed_order(given, simulation.order_id or "")
            terms, area = order.terms, order.postal_area
        explained = explain(given, terms, area, rules, datetime.now(UTC))
        view = explanation_view(explained, simulation.order_id)
        return {"ranking": view, "backtest": None}, log.position


def _limited() -> partial[None]:
    return partial(_refuse_slow, time.monotonic() + BACKTEST_SECONDS)


def _refuse_slow(deadline: float, position: Position) -> None:
    """`Refused` with `backtest_too_long` once the time is over."""
    if time.monotonic() > deadline:
        raise Refused(
            f"The back-test takes longer than {BACKTEST_SECONDS:g} s. Shorten the period, or run"
            " oms-ledger routing backtest, which has no limit.",
            code="backtest_too_long",
        )
