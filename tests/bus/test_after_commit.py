"""Every way that a command can go to the writer destroys the keys of forgotten customers before
it answers, and leaves nothing to the next sweep."""

from __future__ import annotations

from typing import Any

import pytest

from oms_commands.customers.forget import ForgetCustomer
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.write.submissions import Outcome
from oms_ledger.privacy import postgres as key_storage
from tests.bus.faces import Face, batch_request, every_face
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA, BOB
from tests.privacy.test_erasure_crash import living


@every_face
def test_keys_are_destroyed_before_the_answer(
    oms: Oms, shop: Api, postgres: Database, face: Face
) -> None:
    ADA.buys(shop), BOB.buys(shop)
    assert {"customer:c-ada", "customer:c-bob"} < living(postgres)
    outcomes = face(oms, [ForgetCustomer("c-ada", "request"), ForgetCustomer("c-bob", "request")])
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
