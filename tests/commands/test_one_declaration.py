"""A command or query is declared in its module and listed by its noun; nothing else names it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest
from pydantic.dataclasses import dataclass

from oms_commands import COMMANDS
from oms_commands._fields import STRICT, Id
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.cli.access import access
from oms_ledger.cli.catalogue import catalogue
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import OrderTagged
from oms_ledger.http.openapi import document
from oms_ledger.http.routes import ANY_COMMANDS
from oms_ledger.kernel import Change, Context, Given, Json, Route
from oms_projections import QUERIES
from tests.architecture.sources import PACKAGES, Source, sources
from tests.cli.conftest import Run, postgres, run
from tests.http.conftest import Api, memory_api, memory_oms, memory_shop
from tests.http.examples import order

__all__ = ["memory_api", "memory_oms", "memory_shop", "postgres", "run"]

PATH = "/v1/orders/{order_id}/star"


@dataclass(frozen=True, slots=True, config=STRICT)
class StarOrder(OrderCommand):
    """Put a star on an order, so that lists can show it first."""

    name: ClassVar[str] = "StarOrder"
    route: ClassVar[Route] = Route("POST", PATH)
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"colour": "golden"}

    order_id: Id
    colour: str = "silver"

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        existing_order(given, self.order_id)
        return [Change(OrderTagged(self.order_id, (f"{self.colour} star",), ()))]


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is in the catalogue before anything is made from it."""
    monkeypatch.setitem(COMMANDS, StarOrder.name, StarOrder)


@pytest.fixture
def shop(added: None, memory_shop: Api) -> Api:
    return memory_shop


# Where a command that is added at run time appears.


def test_over_http(shop: Api) -> None:
    placed = shop.post("/v1/orders", order()).json()
    path = PATH.format(order_id=placed["order_id"])
    answer = shop.post(path, {"colour": "red"})
    assert (answer.status_code, answer.json()["tags"]) == (200, ["red star"])
    assert answer.headers["etag"]
    dry = shop.post(f"{path}?dry_run=true", {}).json()
    assert [each["type"] for each in dry["events"]] == [OrderTagged.type]
    wrong = shop.post(path, {"color": "red"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "color")
    assert shop.post(PATH.format(order_id="none")).status_code == 404
    assert shop.send("POST", path, headers={"Authorization": ""}).status_code == 401


def test_in_a_batch_of_any_commands(shop: Api) -> None:
    placed = shop.post("/v1/orders", order()).json()
    command = {"name": StarOrder.name, "order_id": placed["order_id"]}
    (result,) = shop.post(ANY_COMMANDS, {"commands": [command]}).json()["results"]
    assert (result["status"], result["answer"]["tags"]) == (200, ["silver star"])


def test_in_the_openapi_document(added: None) -> None:
    made = document.document("t", "1", "d")
    operation = made["paths"][PATH]["post"]
    assert operation["operationId"] == StarOrder.name
    assert operation["summary"] == "Put a star on an order, so that lists can show it first."
    body = operation["requestBody"]["content"]["application/json"]
    assert StarOrder.example in [each["value"] for each in body["examples"].values()]
    schema = str(body["schema"])
    name = re.search(r"#/components/schemas/(\w+)", schema)
    fields = made["components"]["schemas"][name[1]] if name else body["schema"]
    assert fields["properties"]["colour"]["default"] == "silver"
    assert "200" in operation["responses"]
    batch = made["paths"][ANY_COMMANDS]["post"]["requestBody"]
    assert StarOrder.name in str(batch)


def test_on_the_command_line(added: None, run: Run) -> None:
    assert StarOrder.name in run("do").stdout
    run("do", "PutLocation", '{"code": "LON", "name_": "London"}')
    run("do", "ReceiveStock", '{"sku": "A", "location": "LON", "quantity": 5}')
    line = '{"sku": "A", "quantity": 1, "unit_price": "1.00"}'
    placed = run(
        "do", "PlaceOrder", f'{{"channel": "web", "currency": "GBP", "lines": [{line}]}}'
    ).stdout
    match = re.search(r'"order_id": "([^"]+)"', placed)
    assert match, placed
    body = f'{{"order_id": "{match[1]}", "colour": "red"}}'
    assert '"red star"' in run("do", StarOrder.name, body).stdout


def test_in_the_catalogue_and_in_the_table_of_access(added: None) -> None:
    (row,) = [line for line in catalogue().splitlines() if line.startswith("| StarOrder |")]
    assert f"`POST {PATH}`" in row
    assert "order_id, [colour]" in row
    (row,) = [line for line in access().splitlines() if line.startswith(f"| `POST {PATH}` |")]
    assert "orders:write" in row
    assert f"- `POST {PATH}`" in access(), "keys bound to channels may use it"


def test_it_is_nowhere_without_the_catalogue(memory_shop: Api) -> None:
    """So the tests above see what follows from the catalogue."""
    assert memory_shop.post(PATH.format(order_id="x")).status_code == 404
    assert PATH not in document.document("t", "1", "d")["paths"]
    assert "StarOrder" not in catalogue() + access()


# What names commands and queries.

CALLERS = (
    "commands/oms_commands/drafts/",
    "commands/oms_commands/routing/_simulation.py",
    "src/oms_ledger/policies/",
    "src/oms_ledger/integrations/payments/effect.py",
    "src/oms_ledger/http/document",
    "src/oms_ledger/demo/",
    "src/oms_ledger/importers/",
    "src/oms_ledger/cli/",
    "src/oms_ledger/privacy/retention.py",
    "src/oms_ledger/audit/export/",
)
"""What sends commands and queries of its own. It names those and no list of others; a program that
sends none needs no line."""


def is_part_of(s: Source, module: str) -> bool:
    """Whether a source is the module or the package that lists it."""
    own = module.replace(".", "/")
    return s.path.endswith((f"/{own}.py", f"/{own.rpartition('/')[0]}/__init__.py"))


MACHINERY = [s for s in sources(*PACKAGES) if not s.path.startswith(CALLERS)]


def naming(sources_: Sequence[Source], name: str, module: str) -> list[str]:
    return [
        s.path for s in sources_ if name in s.text and name in s.names and not is_part_of(s, module)
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_named_by_its_module_and_its_noun_alone(name: str) -> None:
    assert naming(MACHINERY, name, COMMANDS[name].__module__) == []


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_is_named_by_its_read_model_alone(query: Any) -> None:
    folder = query.params.__module__.rpartition(".")[0].replace(".", "/")
    others = [
        s.path
        for s in MACHINERY
        if query.name in s.text
        and not s.path.startswith(f"projections/{folder}/")
        and query.name in s.texts
    ]
    assert others == []


def test_a_list_that_names_a_command_is_noticed() -> None:
    planted = Source("src/oms_ledger/http/app.py", 'BODIES = {"ConfirmOrder": {}}')
    module = COMMANDS["ConfirmOrder"].__module__
    assert naming([planted], "ConfirmOrder", module) == [planted.path]
