"""Every route of the OpenAPI document under requests made from it, good and bad, with a key and
without: nothing breaks, and every answer is as the document says.

Some hundred in each run; `OMS_TEST_SCHEMA_CASES=200` sends so many to each route.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from tests.http.conftest import Api

FOR_EACH_ROUTE = int(os.environ.get("OMS_TEST_SCHEMA_CASES", "0"))
AT_ALL = 150

CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
"""Characters that no client lets into an address as they are."""

CHECKS = [
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


def operations(api: Api) -> list[Any]:
    """All operations but the streams, which end only when the client disconnects."""
    import schemathesis  # takes long, and collecting this module needs nothing of it

    document = api.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    declared = [schema[path][method] for path, its in document["paths"].items() for method in its]
    return [each for each in declared if not each.path.endswith("/stream")]


def send(api: Api, case: Any) -> httpx.Response:
    arguments = case.as_transport_kwargs(base_url="http://127.0.0.1:8000")
    body = arguments.pop("data", None)
    arguments = {
        name: arguments[name] for name in ("params", "headers", "json") if name in arguments
    }
    if body is not None:
        arguments["content"] = body if isinstance(body, bytes | str) else str(body)
    if "min_position" in (params := arguments.get("params") or {}):
        params["wait_ms"] = "1"  # it may be far away
    arguments["headers"] = {
        name: str(value).encode("utf-8", "replace")
        for name, value in (arguments.get("headers") or {}).items()
        if name.lower() not in ("authorization", "user-agent")
    }
    path = CONTROLS.sub(lambda match: quote(match[0]), case.formatted_path)
    return api.send(case.method, path, **arguments)


def check(api: Api, cases: st.SearchStrategy[Any], examples: int) -> list[int]:
    from schemathesis.specs.openapi import checks

    statuses: list[int] = []
    all_checks = [getattr(checks, name) for name in CHECKS]

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(cases)
    def sent(case: Any) -> None:
        response = send(api, case)
        assert response.status_code < 500 or response.status_code == 503, response.text
        case.validate_response(response, checks=all_checks)
        statuses.append(response.status_code)

    with suppress(Unsatisfiable):  # where nothing is asked for, nothing can be asked wrongly
        sent()
    return statuses


def everything(api: Api) -> list[int]:
    """The statuses of all answers."""
    from schemathesis import GenerationMode

    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = [each.as_strategy(mode) for each in operations(api) for mode in modes]
    if FOR_EACH_ROUTE:
        return [status for one in cases for status in check(api, one, FOR_EACH_ROUTE)]
    return check(api, st.sampled_from(cases).flatmap(lambda one: one), AT_ALL)


@pytest.mark.filterwarnings("ignore")
def test_with_a_key(shop: Api) -> None:
    statuses = everything(shop)
    assert len(statuses) >= AT_ALL
    assert 401 not in statuses
    assert len(set(statuses)) > 3


@pytest.mark.filterwarnings("ignore")
def test_without_a_key(oms: Oms) -> None:
    with Api(create_app(oms), key=None) as anonymous:
        statuses = everything(anonymous)
    assert {401, 429} & set(statuses)
