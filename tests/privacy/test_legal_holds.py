"""Legal holds: a held person is never erased, neither by hand nor by a retention period."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from oms_commands.customers.forget import ForgetCustomer
from oms_commands.customers.hold import HoldCustomer
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.customers.events import CustomerForgotten, CustomerHeld
from oms_ledger.domain.errors import OmsError, Refused
from oms_ledger.domain.personal import ResolvedSubject, SubjectRef
from oms_ledger.http.app import create_app
from tests.databases import Database
from tests.http.conftest import Api
from tests.http.test_errors import problem_of
from tests.privacy.people import ADA, GUEST, Planted
from tests.privacy.test_erasure import REASON, forget, order_of

HOLD = {"reason": "litigation", "reference": "case 12"}


def hold(api: Api, person: str) -> dict[str, Any]:
    answer = api.post(f"/v1/customers/{person}/hold", HOLD)
    assert answer.status_code == 200, answer.text
    held: dict[str, Any] = answer.json()
    return held


def release(api: Api, person: str, held: dict[str, Any]) -> None:
    path = f"/v1/customers/{person}/holds/{held['hold_id']}/release"
    assert api.post(path, {"reason": "case closed"}).status_code == 200


def refused(api: Api, person: str) -> dict[str, Any]:
    problem = problem_of(api.post(f"/v1/customers/{person}/forget", REASON), 409, "on_legal_hold")
    assert "must be released before" in problem["detail"]
    return problem


def customer_of(api: Api, person: str, after: int) -> dict[str, Any]:
    params = {"min_position": after, "wait_ms": 10_000}
    answer = api.get(f"/v1/customers/{person}", params=params)
    assert answer.status_code == 200, answer.text
    customer: dict[str, Any] = answer.json()
    return customer


def test_a_customer_on_hold_is_shown_so_and_not_forgotten_until_released(shop: Api) -> None:
    made = ADA.buys(shop)
    first, second = hold(shop, "c-ada"), hold(shop, "c-ada")
    shown = customer_of(shop, "c-ada", second["position"])["holds"]
    assert [each["hold_id"] for each in shown] == [first["hold_id"], second["hold_id"]]
    assert {each["held_by"] for each in shown} == {"key:admin"}
    assert shown[0].items() >= HOLD.items()
    problem = refused(shop, "c-ada")
    assert [each["hold_id"] for each in problem["errors"]] == [
        h["hold_id"] for h in (first, second)
    ]
    release(shop, "c-ada", first)
    refused(shop, "c-ada")
    assert order_of(shop, made)["customer"]["email"] == ADA.email
    release(shop, "c-ada", second)
    position = forget(shop, "c-ada")["position"]
    assert order_of(shop, {**made, "position": position})["customer"]["email"] == "[forgotten]"
    assert customer_of(shop, "c-ada", position)["holds"] == []


def test_a_guest_is_held_by_address_and_under_every_name(shop: Api, postgres: Database) -> None:
    made = GUEST.buys(shop)
    held = hold(shop, GUEST.email)
    key = held["customer_id"]
    assert key.startswith("key:")
    for person in (GUEST.email, GUEST.email.upper(), key):
        assert refused(shop, person)["errors"][0]["customer_id"] == key
    shown = customer_of(shop, GUEST.email, held["position"])
    assert [each["hold_id"] for each in shown["holds"]] == [held["hold_id"]]
    assert order_of(shop, made)["customer"]["email"] == GUEST.email
    release(shop, GUEST.email, held)
    forget(shop, key)


def test_a_hold_reaches_what_was_ordered_as_a_guest_with_the_same_address(shop: Api) -> None:
    customer = Planted(GUEST.mark, "c-guest")
    GUEST.buys(shop)
    customer.buys(shop)
    held = hold(shop, "c-guest")
    assert refused(shop, GUEST.email)["errors"][0]["customer_id"] == "c-guest"
    release(shop, "c-guest", held)
    hold(shop, GUEST.email)
    assert refused(shop, "c-guest")["errors"][0]["customer_id"].startswith("key:")


def test_an_id_that_is_an_address_is_held_like_any_other(shop: Api) -> None:
    odd = Planted("Zqodd", "zqodd@example.com")
    made = odd.buys(shop)
    held = hold(shop, "zqodd@example.com")
    refused(shop, "zqodd@example.com")
    release(shop, "zqodd@example.com", held)
    position = forget(shop, "zqodd@example.com")["position"]
    assert order_of(shop, {**made, "position": position})["customer"]["name"] == "[forgotten]"


def test_a_dry_run_reports_a_hold(shop: Api) -> None:
    ADA.buys(shop)
    hold(shop, "c-ada")
    tried = shop.post("/v1/customers/c-ada/forget?dry_run=true", REASON)
    assert problem_of(tried, 409, "on_legal_hold")


def test_an_unknown_person_is_neither_held_nor_forgotten(oms: Oms, shop: Api) -> None:
    """Above all no address is written down that nobody has ordered with."""
    head = oms.readers.head()
    for person in ("c-nobody", "nobody@example.com", "key:nothing"):
        assert problem_of(shop.post(f"/v1/customers/{person}/hold", HOLD), 404, "not_found")
    for person in ("nobody@example.com", "key:nothing"):
        for query in ("", "?dry_run=true"):
            answer = shop.post(f"/v1/customers/{person}/forget{query}", REASON)
            assert problem_of(answer, 404, "not_found")
    path = "/v1/customers/nobody@example.com/holds/h1/release"
    problem = problem_of(shop.post(path, {"reason": "x"}), 404, "not_found")
    assert "@" not in problem["detail"]
    assert oms.readers.head() == head


def test_of_a_hold_and_a_forgetting_at_the_same_moment_the_first_counts(
    oms: Oms, shop: Api
) -> None:
    """From two processes, again and again: a hold that was acknowledged before the receipt was
    written means that there is no receipt."""
    made = {n: Planted(f"Zqrace{n}", f"c{n}").buys(shop) for n in range(20)}
    with open_prepared(oms.settings) as other:
        answers = [_at_once(oms, other, f"c{n}") for n in made]
    with open_prepared(oms.settings) as fresh, Api(create_app(fresh)) as api:
        for n, (held, forgotten) in zip(made, answers, strict=True):
            with oms.readers.as_of() as log:
                first = log.history(f"customer-c{n}")[0].event
            name = order_of(api, made[n])["customer"]["name"]
            if isinstance(forgotten, OmsError):
                assert forgotten.code == "on_legal_hold"
                assert isinstance(first, CustomerHeld)
                assert name.startswith("Zqrace")
            else:
                assert isinstance(first, CustomerForgotten)
                assert name == "[forgotten]"
            assert not isinstance(held, Exception), "a record that is there can be held"


def _at_once(one: Oms, other: Oms, person: str) -> tuple[object, object]:
    """Hold and forget, as nearly at one moment as can be; what each came to."""
    start = threading.Barrier(2)
    came: dict[str, object] = {}

    def do(name: str, oms: Oms, command: HoldCustomer | ForgetCustomer) -> None:
        start.wait()
        try:
            came[name] = oms.execute(command, actor="tester")
        except OmsError as error:
            came[name] = error

    threads = [
        threading.Thread(target=do, args=("held", one, HoldCustomer(person, "audit"))),
        threading.Thread(target=do, args=("forgotten", other, ForgetCustomer(person, "asked for"))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came["held"], came["forgotten"]


def test_nothing_is_destroyed_before_the_ledger_has_decided(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hold that comes while keys are looked up, and so before the decision, is in time."""
    made = ADA.buys(shop)
    resolver = oms.vault.subjects
    resolve = resolver.resolve

    def resolve_slowly(subject_ref: SubjectRef) -> ResolvedSubject:
        subject = resolve(subject_ref)
        monkeypatch.setattr(resolver, "resolve", resolve)
        hold(shop, "c-ada")
        return subject

    monkeypatch.setattr(resolver, "resolve", resolve_slowly)
    with pytest.raises(Refused) as no:
        oms.execute(ForgetCustomer("c-ada", "asked for"), actor="tester")
    assert no.value.code == "on_legal_hold"
    assert order_of(shop, made)["customer"]["email"] == ADA.email
