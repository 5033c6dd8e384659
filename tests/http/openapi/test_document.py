"""The documentation says what there is, all of it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.routing import Route
from typing_extensions import is_typeddict

from oms_commands import COMMANDS
from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from oms_ledger.http.openapi import document as openapi
from oms_projections import QUERIES
from tests.http.conftest import Api

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    return openapi.document("oms-ledger", "0", openapi.DESCRIPTION)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, its in document["paths"].items():
        for method, operation in its.items():
            yield method, path, operation


def test_every_command_and_query_is_in_it(document: Json) -> None:
    """Made from the catalogues: this is what they promise, this is what is served."""
    for command in COMMANDS.values():
        route = command.route
        assert document["paths"][route.path][route.method.lower()]["operationId"] == command.name
        if route.many_path:
            assert route.method.lower() in document["paths"][route.many_path]
    for query in QUERIES:
        assert document["paths"][query.path]["get"]["operationId"] == query.name
    assert all(is_typeddict(command.answer_type) for command in COMMANDS.values())
    assert all(is_typeddict(query.answer_type) for query in QUERIES)


def test_schemas_are_named_without_the_suffix_of_their_classes(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert {"Problem", "Order", "Shipment", "ConsistencyProof"} <= schemas.keys()
    names = {name for key, its in schemas.items() for name in (key, its.get("title", ""))}
    assert [name for name in names if name.endswith("Answer")] == []


def test_what_is_served_is_what_is_documented(memory_oms: Oms, document: Json) -> None:
    served = {
        (method.lower(), route.path.replace(":path}", "}"))
        for route in create_app(memory_oms).routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD" and route.path not in ("/docs", "/openapi.json")
    }
    assert served == {(method, path) for method, path, _ in operations(document)}


def test_it_is_whole(document: Json) -> None:
    """Every reference leads somewhere, every name in a path is a parameter, ids are unique."""
    text = str(document)
    for reference in set(re.findall(r"'#/(components/[^']+)'", text)):
        node: Any = document
        for part in reference.split("/"):
            node = node[part]
        assert node
    ids = []
    for method, path, operation in operations(document):
        ids.append(operation["operationId"])
        in_path = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
        assert in_path == re.findall(r"{(\w+)}", path), (method, path)
        assert operation["summary"]
        assert any(status.startswith("2") for status in operation["responses"])
    assert len(set(ids)) == len(ids)


def test_errors_and_keys_are_in_it(document: Json) -> None:
    assert document["security"] == [{"apiKey": []}]
    responses = document["paths"]["/v1/orders"]["post"]["responses"]
    assert {"201", "200", "400", "401", "403", "409", "422", "503"} <= responses.keys()
    problem = document["components"]["responses"]["Problem409"]
    assert "application/problem+json" in problem["content"]
    public = {path for _, path, operation in operations(document) if not operation["security"]}
    assert public == {
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/tracking/{token}",
        "/v1/tracking/{token}/stream",
        "/v1/audit/checkpoint",
        "/checkpoint",
        "/tile/{level}/{index}",
        "/v1/inbox/{connection}",
    }


def test_path_fields_are_not_in_the_body(document: Json) -> None:
    for command in COMMANDS.values():
        operation = document["paths"][command.route.path][command.route.method.lower()]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        for name in re.findall(r"{(\w+)}", command.route.path):
            assert name not in body["properties"], command.name


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_examples_are_good_commands(name: str) -> None:
    names = re.findall(r"{(\w+)}", COMMANDS[name].route.path)
    path = {each: "GB" if each == "country" else "x" for each in names}
    assert TypeAdapter(COMMANDS[name]).validate_python({**COMMANDS[name].example, **path})


def test_it_is_shown(memory_api: Api) -> None:
    served = memory_api.get("/openapi.json")
    assert served.json()["info"]["title"] == "oms-ledger"
    page = memory_api.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in page.text
    assert page.headers["x-frame-options"] == "DENY"
