"""Checks commands that do not arrive over HTTP (from a file, a channel, a terminal) for card data.
Over HTTP the check happens before a request is parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future

import msgspec
import orjson

from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.json_values import revealed_json
from oms_ledger.engine.write.submissions import Outcome, Submission
from oms_ledger.kernel import Command
from oms_ledger.privacy import cards

_encode = msgspec.json.Encoder().encode

Seal = Callable[[Sequence[Submission]], list[Submission]]
Submit = Callable[[list[Submission]], Sequence[Future[Outcome]]]


def card_data_in(command: Command) -> Invalid | None:
    """The refusal of a command with card data; None if it has none. The command's personal values
    must not be sealed yet."""
    encoded = _encode(command)
    if not cards.may_hold_card_data(encoded):
        return None
    try:
        cards.refuse(revealed_json(orjson.loads(encoded)))
    except Invalid as error:
        return error
    return None


def submit_without_cards(
    submissions: Iterable[Submission], seal: Seal, submit: Submit
) -> list[Future[Outcome]]:
    """Seal and submit the commands without card data, in order. Those with card data are refused;
    their futures fail, each in its place."""
    every = list(submissions)
    refusals = [card_data_in(each.command) for each in every]
    clean = [s for s, refusal in zip(every, refusals, strict=True) if refusal is None]
    futures = iter(submit(seal(clean)))
    return [next(futures) if refusal is None else _failed(refusal) for refusal in refusals]


def _failed(refusal: Invalid) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_exception(refusal)
    return future
