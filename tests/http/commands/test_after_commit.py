"""Every way that a command can go to the writer destroys the keys of forgotten customers before
it answers, and leaves nothing to the next sweep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from oms_commands.customers.forget import ForgetCustomer
from oms_ledger.app import Oms
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.write.submissions import Outcome, Submission
from oms_ledger.http.commands.bus import CommandSubmitter
from oms_ledger.http.queries.threads import Threads
from oms_ledger.kernel import Command
from oms_ledger.privacy import postgres as key_storage
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA, BOB
from tests.privacy.test_erasure_crash import living

Way = Callable[[Oms, Sequence[Command]], Sequence[object]]


def submissions(commands: Sequence[Command]) -> list[Submission]:
    return [Submission(command, new_context("tester")) for command in commands]


def one_by_one(oms: Oms, commands: Sequence[Command]) -> Sequence[object]:
    return [oms.execute(command, actor="tester") for command in commands]


def as_a_list(oms: Oms, commands: Sequence[Command]) -> Sequence[object]:
    return oms.execute_many(commands, actor="tester")


def by_result(oms: Oms, commands: Sequence[Command]) -> Sequence[object]:
    return [each.result() for each in oms.submit(submissions(commands))]


def by_exception(oms: Oms, commands: Sequence[Command]) -> Sequence[object]:
    """As the importer waits."""
    submitted = oms.submit(submissions(commands))
    assert [each.exception() for each in submitted] == [None] * len(commands)
    return [each.result() for each in submitted]


def single_requests(oms: Oms, commands: Sequence[Command]) -> Sequence[object]:
    async def send() -> list[Outcome]:
        submitter = CommandSubmitter(oms, Threads(4))
        return [await submitter.submit(each) for each in submissions(commands)]

    return asyncio.run(send())


def batch_request(oms: Oms, commands: Sequence[Command]) -> Sequence[object]:
    async def send() -> Sequence[object]:
        return await CommandSubmitter(oms, Threads(4)).submit_many(submissions(commands))

    return asyncio.run(send())


@pytest.mark.parametrize(
    "way", [one_by_one, as_a_list, by_result, by_exception, single_requests, batch_request]
)
def test_keys_are_destroyed_before_the_answer(
    oms: Oms, shop: Api, postgres: Database, way: Way
) -> None:
    ADA.buys(shop), BOB.buys(shop)
    assert {"customer:c-ada", "customer:c-bob"} < living(postgres)
    outcomes = way(oms, [ForgetCustomer("c-ada", "request"), ForgetCustomer("c-bob", "request")])
    assert [type(each) for each in outcomes] == [Outcome, Outcome]
    assert living(postgres) == {"ledger"}
    assert oms.vault.erasure.sweep_erasures()[0] == 0


def test_a_batch_reports_which_keys_could_not_be_destroyed(
    oms: Oms, shop: Api, postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first command is committed and its keys still there: it is to be sent again."""
    ADA.buys(shop), BOB.buys(shop)
    destroy, calls = key_storage.destroy_keys, []

    def away_once(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise Unavailable("The database is away.")
        return destroy(*args)

    monkeypatch.setattr(key_storage, "destroy_keys", away_once)
    commands = [ForgetCustomer("c-ada", "request"), ForgetCustomer("c-bob", "request")]
    results = batch_request(oms, commands)
    assert [type(each) for each in results] == [Unavailable, Outcome]
    assert living(postgres) == {"ledger", "customer:c-ada"}
