"""What is printed to be pasted can be pasted."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import TypeAdapter
from rich.console import Console

from oms_commands.orders.place import PlaceOrder
from oms_ledger.demo import hints
from oms_ledger.demo.first_steps import BODY, requests
from oms_ledger.demo.shop import GOODS
from oms_ledger.domain.identifiers import order_id_for
from oms_projections import QUERIES

URL, KEY = "http://127.0.0.1:8123", "oms_0123456789ab_" + "c" * 64
CURL = """
curl() {
    for word in "$@"; do printf '<%s>\\n' "$word" >&2; done
    echo '{"order_id":"x","position":4711,"total":"23.00"}'
}
"""


def printed(width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(hints(URL, KEY), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def pasted() -> list[str]:
    """The words of all calls, curl itself being a stub that answers with a position."""
    script = CURL + printed()
    done = subprocess.run(["sh", "-eu"], input=script, capture_output=True, text=True, check=True)
    return [line[1:-1] for line in done.stderr.splitlines()]


def test_addresses_and_key_are_printed() -> None:
    text = printed()
    for each in (f"{URL}/v1", f"{URL}/docs", f"{URL}/metrics", KEY):
        assert each in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wrapped_or_cut_by_the_terminal(width: int) -> None:
    lines = printed(width).splitlines()
    for _, request in requests():
        assert request in lines


def test_seven_requests_each_a_line_that_a_shell_can_read() -> None:
    lines = [request for _, request in requests()]
    assert len(lines) == 7
    for line in lines:
        assert shlex.split(line)
        assert "\n" not in line


def test_every_request_goes_to_a_route_that_takes_its_parameters() -> None:
    """The first of the addresses is the placing of the order; all others are queries."""
    addresses = [word for word in pasted() if word.startswith(URL)]
    assert len(addresses) == 7
    urls = [urlsplit(address) for address in addresses]
    assert [each.path for each in urls].count("/v1/orders") == 2
    for each in urls:
        query, in_path = route(each.path)
        params = dict(parse_qsl(each.query, strict_parsing=bool(each.query)))
        params.pop("min_position", None)
        TypeAdapter(query).validate_python({**in_path, **params})


def route(path: str) -> tuple[type, dict[str, str]]:
    """The parameters' type of the query that a path leads to, and what the path says."""
    for query in QUERIES:
        parts, wanted = path.split("/"), query.path.split("/")
        pairs = list(zip(wanted, parts, strict=False))
        if len(parts) == len(wanted) and all(a == b or a.startswith("{") for a, b in pairs):
            return query.params, {a.strip("{}"): b for a, b in pairs if a.startswith("{")}
    raise AssertionError(f"{path} leads nowhere")


def test_the_order_is_one_that_can_be_placed() -> None:
    order: PlaceOrder = TypeAdapter(PlaceOrder).validate_json(BODY)
    assert order.lines[0].sku in {good.sku for good in GOODS}
    assert json.loads(BODY) in [json.loads(word) for word in pasted() if word.startswith("{")]


def test_the_request_after_the_order_waits_for_it() -> None:
    order_id = order_id_for("web", "TRY-1", "")
    assert f"{URL}/v1/orders/{order_id}?min_position=4711" in pasted()


def test_every_request_carries_the_key() -> None:
    assert pasted().count(f"Authorization: Bearer {KEY}") == 7
