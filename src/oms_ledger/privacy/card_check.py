"""Card data in commands that come by another way than HTTP, where it is looked for before a
request is read: from a file, a channel, a terminal."""

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

_written = msgspec.json.Encoder().encode

Seal = Callable[[Sequence[Submission]], list[Submission]]
Submit = Callable[[list[Submission]], Sequence[Future[Outcome]]]


def found_in(command: Command) -> Invalid | None:
    """Why a command may not be asked for; None where it holds no card data. What is personal in
    it must not be sealed yet."""
    written = _written(command)
    if not cards.worth_a_look(written):
        return None
    try:
        cards.refuse(revealed_json(orjson.loads(written)))
    except Invalid as error:
        return error
    return None


def submit_others(
    submissions: Iterable[Submission], seal: Seal, submit: Submit
) -> list[Future[Outcome]]:
    """Seal and submit those without card data, in order; those with are refused, each in its
    place."""
    given = list(submissions)
    refusals = [found_in(each.command) for each in given]
    clean = [s for s, refusal in zip(given, refusals, strict=True) if refusal is None]
    futures = iter(submit(seal(clean)))
    return [next(futures) if refusal is None else _failed(refusal) for refusal in refusals]


def _failed(refusal: Invalid) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_exception(refusal)
    return future
