"""Tags of a customer."""

from __future__ import annotations

from oms_commands.customers.tag import TagCustomer
from oms_ledger.domain.customers.events import CustomerTagged
from oms_ledger.domain.personal import ResolvedSubject
from oms_ledger.testing import given

SUBJECT = ResolvedSubject("c1", ("k1",), ("k1",), ("c1", "key:k1"))


def tag(add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> TagCustomer:
    return TagCustomer("c1", add, remove).with_subject(SUBJECT)


def test_tags_are_added_and_removed_and_answered() -> None:
    before = CustomerTagged("c1", ("new",))
    decision = given(before).when(tag(("vip", "new"), ()))
    decision.then(CustomerTagged("c1", ("vip",)))
    assert decision.answer == {"customer_id": "c1", "tags": ["new", "vip"]}
    given(before).when(tag((), ("new", "old"))).then(CustomerTagged("c1", (), ("new",)))


def test_what_changes_nothing_writes_nothing() -> None:
    given(CustomerTagged("c1", ("vip",))).when(tag(("vip",), ("old",))).then()


def test_there_is_a_limit_of_tags() -> None:
    full = CustomerTagged("c1", tuple(f"t{n}" for n in range(50)))
    given(full).when(tag(("one more",))).then_refused("too_many_tags")
    given(full).when(tag(("one more",), ("t0",))).then(CustomerTagged("c1", ("one more",), ("t0",)))


def test_a_guest_is_tagged_by_address_which_is_not_written_down() -> None:
    command = TagCustomer("ada@example.com", ("vip",)).with_subject(
        ResolvedSubject("key:k1", ("k1",), ("k1",))
    )
    given().when(command).then(CustomerTagged("key:k1", ("vip",)))


def test_an_unknown_customer_is_not_tagged() -> None:
    command = TagCustomer("c1", ("vip",)).with_subject(ResolvedSubject("c1"))
    given().when(command).then_refused("not_found")


def test_tags_that_contradict_are_refused() -> None:
    given().when(TagCustomer, customer_id="c1").then_invalid("add")
    given().when(TagCustomer, customer_id="c1", add=["a"], remove=["a"]).then_invalid("remove")
    given().when(TagCustomer, customer_id="c1", add=["a,b"]).then_invalid("add.0")
