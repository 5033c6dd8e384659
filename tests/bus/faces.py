"""Every way that commands can be handed to the bus. Outcomes and refusals are returned in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from oms_ledger.app import Oms
from oms_ledger.bus import AsyncCommandBus, PendingOutcome, Result
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import OmsError
from oms_ledger.engine.write.submissions import Outcome, Submission
from oms_ledger.http.queries.threads import Threads
from oms_ledger.kernel import Command

Face = Callable[[Oms, Sequence[Command]], Sequence[Result]]


def submissions(commands: Sequence[Command]) -> list[Submission]:
    return [Submission(command, new_context("tester")) for command in commands]


def one_by_one(oms: Oms, commands: Sequence[Command]) -> Sequence[Result]:
    def execute(command: Command) -> Result:
        try:
            return oms.bus.execute(command, actor="tester")
        except OmsError as error:
            return error

    return list(map(execute, commands))


def as_a_list(oms: Oms, commands: Sequence[Command]) -> Sequence[Result]:
    return oms.bus.execute_many(commands, actor="tester")


def by_result(oms: Oms, commands: Sequence[Command]) -> Sequence[Result]:
    def result(pending: PendingOutcome) -> Result:
        try:
            return pending.result()
        except OmsError as error:
            return error

    return list(map(result, oms.bus.submit(submissions(commands))))


def by_exception(oms: Oms, commands: Sequence[Command]) -> Sequence[Result]:
    """As the importer waits."""
    submitted = oms.bus.submit(submissions(commands))
    return [each.exception() or each.result() for each in submitted]


def single_requests(oms: Oms, commands: Sequence[Command]) -> Sequence[Result]:
    async def send() -> list[Result]:
        bus = AsyncCommandBus(oms.bus, Threads(4))
        results: list[Result] = []
        for each in submissions(commands):
            try:
                results.append(await bus.submit(each))
            except OmsError as error:
                results.append(error)
        return results

    return asyncio.run(send())


def batch_request(oms: Oms, commands: Sequence[Command]) -> Sequence[Result]:
    async def send() -> Sequence[Result]:
        return await AsyncCommandBus(oms.bus, Threads(4)).submit_many(submissions(commands))

    return asyncio.run(send())


FACES: tuple[Face, ...] = (
    one_by_one,
    as_a_list,
    by_result,
    by_exception,
    single_requests,
    batch_request,
)

every_face = pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)


def outcomes(results: Sequence[Result]) -> list[Outcome]:
    """The results, none of which is a refusal."""
    taken = [each for each in results if isinstance(each, Outcome)]
    assert len(taken) == len(results), results
    return taken
