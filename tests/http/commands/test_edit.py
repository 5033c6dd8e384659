"""Edits over HTTP: the preview, and the guard against another edit."""

from __future__ import annotations

from typing import Any

from tests.http.commands.test_idempotency import head
from tests.http.conftest import Api
from tests.http.examples import Json, order
from tests.http.test_errors import problem_of

MORE: Json = {"changes": [{"type": "set_quantity", "line_id": "1", "quantity": 5}]}


def placed(shop: Api, quantity: int = 2) -> tuple[str, dict[str, Any]]:
    """The path of an order's edits, and the order."""
    answer: dict[str, Any] = shop.post("/v1/orders", order(quantity)).json()
    return f"/v1/orders/{answer['order_id']}/edit", answer


def test_a_dry_run_is_the_preview_of_an_edit(memory_shop: Api) -> None:
    path, _ = placed(memory_shop)
    before = head(memory_shop)
    dry = memory_shop.post(f"{path}?dry_run=true", MORE)
    assert (dry.status_code, "etag" in dry.headers) == (200, False)
    preview = dry.json()
    assert head(memory_shop) == preview.pop("position") == before
    events = preview.pop("events")
    assert [event["type"] for event in events] == ["order.edited.v1", "stock.allocated.v1"]
    assert (preview["difference"], preview["amount_due"], preview["total"]) == (
        "7.65", "12.75", "12.75",
    )  # fmt: skip
    done = memory_shop.post(path, MORE).json()
    assert done.pop("position") == events[-1]["position"]
    assert done == preview
    assert memory_shop.post(f"{path}?dry_run=true", MORE).json()["events"] == []


def test_a_preview_of_what_is_refused_is_refused(memory_shop: Api) -> None:
    path, _ = placed(memory_shop)
    many: Json = {"changes": [{"type": "set_quantity", "line_id": "1", "quantity": 5000}]}
    for query in ("?dry_run=true", ""):
        problem = problem_of(memory_shop.post(path + query, many), 409, "insufficient_stock")
        assert problem["errors"] == [{"line": "1", "sku": "A", "requested": 4998, "available": 98}]


def test_an_edit_of_another_version_is_refused(memory_shop: Api) -> None:
    """Of two edits that were begun at the same version, one is done."""
    path, answer = placed(memory_shop)
    at_version = {"If-Match": f'"{answer["version"]}"'}
    for query in ("?dry_run=true", ""):
        assert memory_shop.post(path + query, MORE, headers=at_version).status_code == 200
    less: Json = {"changes": [{"type": "set_quantity", "line_id": "1", "quantity": 1}]}
    for query in ("?dry_run=true", ""):
        problem_of(
            memory_shop.post(path + query, less, headers=at_version), 412, "version_conflict"
        )
    newer = {"If-Match": f'"{answer["version"] + 1}"'}
    assert memory_shop.post(path, less, headers=newer).json()["total"] == "2.55"


def test_a_dry_run_of_any_command_gives_the_answer_that_it_would_give(memory_shop: Api) -> None:
    path = "/v1/stock/receipts"
    receipt: Json = {"sku": "A", "location": "LON", "quantity": 5}
    dry = memory_shop.post(f"{path}?dry_run=true", receipt).json()
    real = memory_shop.post(path, receipt).json()
    assert dry["on_hand"] == real["on_hand"] == 65


def test_an_edit_names_a_wrong_field_by_its_path(memory_shop: Api) -> None:
    path, _ = placed(memory_shop)
    none = {"sku": "A", "quantity": 0, "unit_price": "1"}
    wrong: list[tuple[Json, str]] = [
        ({"type": "add_line", "line": none}, "line.quantity"),
        ({"type": "set_quantity", "line_id": "1"}, "quantity"),
        ({"type": "set_price", "line_id": "1", "colour": "red"}, "colour"),
    ]
    for change, field in wrong:
        problem = problem_of(memory_shop.post(path, {"changes": [change]}), 422, "invalid_fields")
        assert [error["field"] for error in problem["errors"]] == [f"changes.0.{field}"]
    unknown: Json = {"changes": [{"type": "x"}]}
    problem = problem_of(memory_shop.post(path, unknown), 422, "invalid_fields")
    assert "'add_line'" in problem["errors"][0]["message"]
