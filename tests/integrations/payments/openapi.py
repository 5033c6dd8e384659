"""Vendors' published OpenAPI documents, which say whether a request body is valid. They are
not part of the project: OMS_TEST_VENDOR_SPECS names the folder that has them, else it is looked for
beside the project."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

BESIDE = Path(__file__).parents[4] / "shared" / "specs"
FOLDER = Path(os.environ.get("OMS_TEST_VENDOR_SPECS") or BESIDE)


@cache
def document(name: str) -> dict[str, Any]:
    """Skips the test where the document is not there."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(
            f"{path} is not there; OMS_TEST_VENDOR_SPECS names the folder of vendors' contracts"
        )
    return dict(json.loads(path.read_text()))


def faults(name: str, path: str, media_type: str, body: object) -> list[str]:
    """What a document has against the body of a POST."""
    content = document(name)["paths"][path]["post"]["requestBody"]["content"]
    return faults_of(name, content[media_type]["schema"], body)


def faults_of(name: str, schema: Mapping[str, Any], body: object) -> list[str]:
    """What a document has against a thing of this schema."""
    whole = {**schema, "components": _components(name)}
    return [error.message for error in jsonschema_rs.iter_errors(whole, body)]


@cache
def _components(name: str) -> dict[str, Any]:
    return {"schemas": _as_json_schema(document(name)["components"]["schemas"])}


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own."""
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _as_json_schema(value) for key, value in node.items()}
    if node.get("nullable") is True:
        rest = {key: value for key, value in changed.items() if key != "nullable"}
        return {"anyOf": [rest, {"type": "null"}]}
    return changed
