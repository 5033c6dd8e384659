"""The steps of the bus: each is done, in order, on both faces; and each is missed when it is left
out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import pytest

from oms_commands.customers.forget import ForgetCustomer
from oms_commands.orders.place import PlaceOrder
from oms_ledger.app import Oms
from oms_ledger.cli.ledger import build_command
from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.engine.write.submissions import Outcome, Submission
from oms_ledger.kernel import Command
from oms_ledger.privacy import card_check
from tests.bus.faces import Face, every_face, outcomes
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA, GUEST, Planted
from tests.privacy.search import rows_with
from tests.privacy.test_erasure_crash import living

PAN = "4111-1111-1111-1111"

STEPS: dict[str, Sequence[str]] = {
    "card check": ("may_hold_card_data", "card_data_in"),
    "subject": ("are_resolved", "resolve_commands"),
    "seal": ("seal_cached", "seal"),
    "submit": ("submit", "submit_many", "submit_async", "submit_many_async"),
    "after commit": ("erase", "erase_all"),
}
"""The steps in order, and the functions that do them."""


def order(person: Planted, **fields: Any) -> Command:
    return build_command(PlaceOrder, person.order(**fields))


def forget_guest() -> Command:
    """By e-mail address, which the ledger knows only after it is resolved."""
    return ForgetCustomer(GUEST.email, "request")


@pytest.fixture
def calls(oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that are done from now on, each once where it is done in several calls."""
    done: list[str] = []
    bus = oms.bus
    owners = (card_check, bus.subjects, bus.sealer, bus.writer, bus.erasure)

    def noting(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            done.append(step)
            return function(*arguments)

        return call

    for owner, (step, functions) in zip(owners, STEPS.items(), strict=True):
        for name in functions:
            monkeypatch.setattr(owner, name, noting(step, getattr(owner, name)))
    return done


@every_face
def test_the_steps_come_in_order(oms: Oms, shop: Api, calls: list[str], face: Face) -> None:
    """The data key of the order's customer is cached, so that nothing is done again in a thread."""
    ADA.buys(shop), GUEST.buys(shop)
    for command in (forget_guest(), order(ADA)):
        calls.clear()
        outcomes(face(oms, [command]))
        steps = [step for step, _ in groupby(calls)]
        if isinstance(command, ForgetCustomer):
            assert steps == list(STEPS)
        else:
            assert steps[:4] == list(STEPS)[:4]


# What each step is for.


def card_data_is_refused(oms: Oms, shop: Api, postgres: Database, face: Face) -> None:
    line = {"sku": "A", "quantity": 1, "unit_price": "1.00", "title": PAN}
    first, second, third = face(oms, [order(ADA), order(ADA, lines=[line]), order(GUEST)])
    assert isinstance(first, Outcome)
    assert isinstance(second, Invalid)
    assert second.code == "card_data_refused"
    assert isinstance(third, Outcome)
    assert rows_with(postgres, PAN) == []


def the_subject_is_resolved(oms: Oms, shop: Api, postgres: Database, face: Face) -> None:
    GUEST.buys(shop)
    assert len(living(postgres)) == 2
    outcomes(face(oms, [forget_guest()]))
    assert living(postgres) == {"ledger"}


def nothing_is_queued_in_clear(oms: Oms, shop: Api, postgres: Database, face: Face) -> None:
    queued: list[Submission] = []
    writer = oms.bus.writer
    enqueue = writer._enqueue

    def kept(pending: Sequence[Any]) -> None:
        queued.extend(each.submission for each in pending)
        enqueue(pending)

    writer._enqueue = kept  # type: ignore[method-assign]  # every way into the queue ends here
    outcomes(face(oms, [order(ADA), order(GUEST), order(ADA)]))
    values = [value for each in queued for _, value in personal_values(each.command)]
    assert values
    assert all(key_of(value) is not None for value in values)


def the_keys_are_destroyed(oms: Oms, shop: Api, postgres: Database, face: Face) -> None:
    ADA.buys(shop)
    outcomes(face(oms, [ForgetCustomer("c-ada", "request")]))
    assert living(postgres) == {"ledger"}


Check = Callable[[Oms, Api, Database, Face], None]

CHECKS: tuple[Check, ...] = (
    card_data_is_refused,
    the_subject_is_resolved,
    nothing_is_queued_in_clear,
    the_keys_are_destroyed,
)


@every_face
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_each_step_is_done(
    oms: Oms, shop: Api, postgres: Database, check: Check, face: Face
) -> None:
    check(oms, shop, postgres, face)


# What is missed without it.


def always(value: object) -> Callable[..., Any]:
    return lambda *arguments: value


def as_it_is(given: Sequence[Submission]) -> list[Submission]:
    return list(given)


def results_as_they_are(commands: Sequence[Command], results: Sequence[object]) -> object:
    return results


SABOTAGE: dict[Check, tuple[str, dict[str, Callable[..., Any]]]] = {
    card_data_is_refused: (
        "card check",
        {"may_hold_card_data": always(False), "card_data_in": always(None)},
    ),
    the_subject_is_resolved: (
        "subject",
        {"are_resolved": always(True), "resolve_commands": as_it_is},
    ),
    nothing_is_queued_in_clear: ("seal", {"seal_cached": as_it_is, "seal": as_it_is}),
    the_keys_are_destroyed: (
        "after commit",
        {"erase": always(None), "erase_all": results_as_they_are},
    ),
}


@every_face
@pytest.mark.parametrize("check", SABOTAGE, ids=lambda check: check.__name__)
def test_a_step_that_is_left_out_is_missed(
    oms: Oms,
    shop: Api,
    postgres: Database,
    monkeypatch: pytest.MonkeyPatch,
    check: Check,
    face: Face,
) -> None:
    step, replaced = SABOTAGE[check]
    owner = {
        "card check": card_check,
        "subject": oms.bus.subjects,
        "seal": oms.bus.sealer,
        "after commit": oms.bus.erasure,
    }[step]
    for name, function in replaced.items():
        monkeypatch.setattr(owner, name, function)
    with pytest.raises(AssertionError):
        check(oms, shop, postgres, face)
