"""The error for a field describes what is wrong, and never repeats the value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from oms_commands import COMMANDS
from oms_ledger.domain import patterns
from oms_ledger.domain.errors import Invalid
from oms_ledger.validation import KINDS, OTHERWISE, from_validation
from oms_projections import QUERIES

Schema = Mapping[str, Any]

VALIDATORS_WORDS = re.compile(
    r"Input|should|[Tt]uple|dataclass|[Vv]alidat|pydantic|instance|keyword|argument|literal"
    r"|constrained|Fields\b|_type\b|_parsing|\bint\b|\bstr\b|\bbool\b|Decimal|\{|\}|None"
)
TYPES = {*KINDS.values(), "wrong_type"}

BAD: tuple[object, ...] = (
    None,
    True,
    "maybe",
    "",
    " ",
    "line\nbreak",
    "nul\x00",
    "x" * 6000,
    "é",
    "gbp",
    "2026-01-01T00:00:00",
    "2026-01-01",
    20261126,
    "20261126",
    "0001-01-01T00:00:00+01:00",
    "noon",
    -1,
    0,
    1.5,
    10**12,
    10**30,
    "-1",
    "NaN",
    "1e400",
    "0.001",
    [],
    [1],
    [[]],
    [{}],
    ["x"] * 2001,
    {},
    {"colour": "red"},
)


def sample(schema: Schema, definitions: Schema) -> Any:
    """A value with every field that the schema has, however deep; not always a valid one."""
    if "$ref" in schema:
        return sample(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], definitions)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        for each in schema.get("patternProperties", {}).values():  # names of the caller's own
            fields = {"A": each}
        return {name: sample(each, definitions) for name, each in fields.items()}
    if schema.get("type") == "array":
        return [sample(schema["items"], definitions)]
    simple = {"string": "A", "integer": 1, "number": 1, "boolean": True}
    return simple.get(str(schema.get("type")))


def bodies(whole: Any) -> Iterator[Any]:
    """The sample; with a wrong value at all of its ends, which are reported each for itself, or in
    place of any object or list; with a field missing anywhere, or too many everywhere."""
    yield whole
    for value in BAD:
        yield with_ends(whole, value)
    for path, part in parts(whole):
        if isinstance(part, dict | list) and part:
            yield from (with_value(whole, path, value) for value in BAD)
        if path and isinstance(path[-1], str):
            yield without(whole, path)
    yield with_more(whole)


def with_ends(value: Any, end: object) -> Any:
    """A copy in which `end` stands in place of each text, number, truth value, and of each object
    and list that is empty."""
    if isinstance(value, dict) and value:
        return {name: with_ends(each, end) for name, each in value.items()}
    if isinstance(value, list) and value:
        return [with_ends(each, end) for each in value]
    return end


def with_more(value: Any) -> Any:
    """A copy in which every object has two fields too many."""
    if isinstance(value, dict):
        fields = {name: with_more(each) for name, each in value.items()}
        return {**fields, "colour": "red", "Some-Thing": "red"}
    return [with_more(each) for each in value] if isinstance(value, list) else value


def paths(value: Any) -> Iterator[tuple[str | int, ...]]:
    return (path for path, _ in parts(value))


def parts(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Each place in the sample, with what stands there."""
    yield path, value
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from parts(each, (*path, name))


def with_value(whole: Any, path: tuple[str | int, ...], value: object) -> Any:
    """A copy in which `value` stands at `path`; what is beside the path is shared."""
    if not path:
        return value
    first, *rest = path
    changed = copy(whole)
    changed[first] = with_value(whole[first], (*rest,), value) if rest else value
    return changed


def without(whole: Any, path: tuple[str | int, ...]) -> Any:
    *before, last = path
    parent = whole
    for part in before:
        parent = parent[part]
    left = copy(parent)
    del left[last]
    return with_value(whole, (*before,), left)


def faults(adapter: TypeAdapter[Any], body: object, *, text: bool) -> list[Mapping[str, Any]]:
    try:
        if text:
            adapter.validate_json(json.dumps(body))
        else:
            adapter.validate_python(body)
    except ValidationError as error:
        problem = from_validation(error)
        assert isinstance(problem, Invalid)
        assert not VALIDATORS_WORDS.search(problem.detail), problem.detail
        return [*problem.errors]
    except Invalid as problem:
        return [*problem.errors]
    return []


def check(fault: Mapping[str, Any], body: object) -> None:
    message, field = str(fault["message"]), str(fault["field"])
    assert not VALIDATORS_WORDS.search(message), (message, fault, str(body)[:200])
    assert message != OTHERWISE, (fault, str(body)[:200])
    assert not re.search(r"[A-Z].*Fields|constrained|\[", field), fault
    assert fault.get("type", "wrong_type") in TYPES, fault


@pytest.mark.parametrize("name", COMMANDS)
def test_the_error_for_a_wrong_field_of_a_command_names_the_remedy(name: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(COMMANDS[name])
    schema = adapter.json_schema()
    whole = sample(schema, schema.get("$defs", {}))
    fields: set[str] = set()
    checked: set[tuple[str, ...]] = set()
    for body in bodies(whole):
        for text in (True, False):
            for fault in faults(adapter, body, text=text):
                if (content := tuple(map(str, fault.values()))) not in checked:
                    check(fault, body)
                    checked.add(content)
                    fields.add(str(fault["field"]))
    assert fields >= {*whole}, {*whole} - fields


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_the_error_for_a_wrong_parameter_of_a_query_names_the_remedy(query: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(query.params)
    schema = adapter.json_schema()
    for name in (*schema.get("properties", {}), "colour"):
        for value in (each for each in BAD if isinstance(each, str)):
            for fault in faults(adapter, {name: value}, text=False):
                check(fault, {name: value})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"lines": []}, "Write at least 1 item."),
        ({"lines": "A"}, "Write a list."),
        ({"lines": ["A"]}, "Write a JSON object."),
        ({"channel": "w b"}, patterns.REMEDIES[patterns.CODE]),
        ({"channel": 5}, "Write text."),
        ({"currency": "pounds"}, patterns.REMEDIES[patterns.CURRENCY]),
        ({"external_id": "x" * 201}, "Write at most 200 characters."),
        ({"external_id": ""}, "Write at least 1 character."),
        ({"backorder": "maybe"}, "Write 'refuse' or 'allow'."),
        ({"confirm": "perhaps"}, "Write true or false."),
        ({"placed_at": "noon"}, "Write a time such as 2026-11-26T10:00:00Z."),
        ({"colour": "red"}, "There is no such field. Check its spelling, or leave it out."),
        ({"customer": []}, "Write a JSON object."),
    ],
)
def test_sentences(fields: dict[str, object], message: str) -> None:
    line = {"sku": "A", "quantity": 1, "unit_price": "1.00"}
    body = {"channel": "web", "currency": "GBP", "lines": [line], **fields}
    (fault,) = faults(TypeAdapter(COMMANDS["PlaceOrder"]), body, text=True)
    assert fault["message"] == message


def test_a_field_of_two_types_names_both_and_no_branch() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(COMMANDS["PutLocation"])
    (fault,) = faults(adapter, {"code": "LON", "name": "L", "address": 5}, text=True)
    assert (fault["field"], fault["message"]) == ("address", "Write a JSON object, or write text.")
    inner = {"code": "LON", "name": "L", "address": {"country": "England"}}
    (fault,) = faults(adapter, inner, text=True)
    assert fault["field"] == "address.country"


def test_of_a_huge_body_only_some_faults_are_listed_and_all_are_counted() -> None:
    body = {"channel": "web", "currency": "GBP", "lines": [5] * 2000}
    with pytest.raises(ValidationError) as error:
        TypeAdapter(COMMANDS["PlaceOrder"]).validate_python(body)
    problem = from_validation(error.value)
    assert len(problem.errors) == 100
    assert problem.detail.startswith("2000 invalid: lines.0, lines.1")
