"""Commands with card data that arrive over no request are refused one by one, and the error does
not repeat it."""

from __future__ import annotations

import re

from oms_commands import COMMANDS
from oms_commands.catalogue.put_location import PutLocation
from oms_commands.orders._fields import CustomerFields, LineFields
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import open_oms
from oms_ledger.cli.ledger import build_command
from oms_ledger.domain.errors import Invalid, OmsError
from oms_ledger.domain.personal import Personal
from oms_ledger.privacy.card_check import card_data_in
from tests.databases import Database
from tests.privacy.search import rows_with

PAN = "4111-1111-1111-1111"


def order(name: str = "Ada", title: str = "Mug") -> PlaceOrder:
    lines = (LineFields("MUG", 1, unit_price="1.00", title=title),)  # type: ignore[arg-type]  # as it comes in, text
    return PlaceOrder("web", "GBP", lines, customer=CustomerFields(id="c", name=Personal(name)))


def test_the_field_is_named_and_the_number_is_not() -> None:
    for command, field in (
        (order(name=PAN), "customer.name"),
        (order(title=PAN), "lines.0.title"),
        (ReceiveStock("MUG", "LON", 1, reference=PAN), "reference"),
    ):
        refusal = card_data_in(command)
        assert refusal is not None
        assert refusal.code == "card_data_refused"
        assert refusal.errors[0]["field"] == field
        assert "1111" not in str(refusal) + repr(refusal.errors)


def test_no_command_s_example_is_taken_for_a_card() -> None:
    for name, kind in COMMANDS.items():
        names = re.findall(r"{(\w+)}", kind.route.path)
        in_path = {each: "GB" if each == "country" else "x" for each in names}
        assert card_data_in(build_command(kind, {**kind.example, **in_path})) is None, name


def test_its_neighbours_are_taken_and_nothing_of_it_is_kept(postgres: Database) -> None:
    with open_oms(postgres.settings) as oms:
        commands = [
            PutLocation("LON", "London"),
            PutLocation("MAN", PAN),
            ReceiveStock("MUG", "LON", 5),
            order(name=PAN),
            order(),
        ]
        results = oms.execute_many(commands, actor="tester")
        refused = [isinstance(result, OmsError) for result in results]
        assert refused == [False, True, False, True, False]
        assert {r.code for r in results if isinstance(r, Invalid)} == {"card_data_refused"}
    assert rows_with(postgres, PAN) == []
