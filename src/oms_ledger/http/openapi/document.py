"""The OpenAPI document, made from the catalogues of commands and queries."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import cache
from importlib import metadata
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import CoreModeRef, CoreRef, DefsRef, GenerateJsonSchema
from pydantic_core.core_schema import TypedDictSchema

from oms_commands import COMMANDS
from oms_ledger.access.roles import ANY, PUBLIC
from oms_ledger.http.document_routes import DOCUMENT_ROUTES, DocumentRoute
from oms_ledger.http.openapi import answers, parts
from oms_ledger.http.openapi.parts import FRESHNESS, PURPOSE, Json
from oms_ledger.http.routes import (
    ANY_COMMANDS,
    ANY_COMMANDS_FIELD,
    ANY_COMMANDS_MAX,
    FIXED_ROUTES,
    PDF,
    FixedRoute,
)
from oms_ledger.kernel import Command, Query
from oms_projections import QUERIES

DESCRIPTION = """Orders, stock and shipments on an append-only ledger of events.

Every successful command answers the `position` of what it wrote. Send it as `min_position` with
a query, and the answer has it in it. `Idempotency-Key` makes any command safe to send again;
`dry_run=true` tells what it would write. Errors are `application/problem+json` with a stable
`code`. Money is decimal text beside its `currency`; times are RFC 3339 in UTC."""

REF = "#/components/schemas/{model}"

PUBLIC_ERRORS = (404, 414, 422, 429, 431, 503)
QUERY_ERRORS = (400, 401, 403, 404, 414, 422, 429, 431, 500, 503)
CONFLICT_ERRORS = (401, 408, 409, 413, 500)
COMMAND_ERRORS = (400, 401, 403, 404, 408, 409, 412, 413, 414, 415, 422, 429, 431, 500, 503)

SHAPES = (
    answers.ProblemAnswer,
    answers.DryRunAnswer,
    *(route.answer for route in FIXED_ROUTES if isinstance(route.answer, type)),
)
"""Of answers that are neither of commands nor of queries."""

ANSWERS = ("oms_ledger.domain.", answers.__name__)
"""Where the types of answers are defined. Their classes end in `Answer`, which the names of their
schemas do not."""

API_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key, which `oms-ledger keys create <name>` makes; or, where a provider"
    " is set, a token of OpenID Connect. Routes name the scope that is needed.",
}


def schema_name(answer_type: str) -> str:
    """The name of the schema of an answer, from the name of its class."""
    return answer_type.removesuffix("Answer")


def version() -> str:
    return metadata.version("oms-ledger")


def document(title: str, version: str, description: str) -> Json:
    """The document. What it contains is shared with others of the same catalogues: not to be
    changed."""
    info = {"title": title, "version": version, "description": description}
    return {"openapi": "3.1.0", "info": info, **_contents((*COMMANDS.values(),), (*QUERIES,))}


@cache
def _contents(commands: tuple[type[Command], ...], queries: tuple[Query, ...]) -> Json:
    """Everything but the head, made once for these catalogues."""
    return _DocumentBuilder(commands, queries).build()


def _adapters(
    commands: Sequence[type[Command]], queries: Sequence[Query]
) -> Iterator[tuple[str, Any, TypeAdapter[Any]]]:
    for kind in commands:
        yield f"command {kind.name}", "validation", TypeAdapter(kind)
    for query in queries:
        yield f"query {query.name}", "validation", TypeAdapter(query.params)
    answer_types = {kind.name: kind.answer_type for kind in commands}
    answer_types |= {query.name: query.answer_type for query in queries}
    for name, answer_type in answer_types.items():
        yield f"answer {name}", "serialization", TypeAdapter(answer_type)
    for route in FIXED_ROUTES:
        if route.body is not None and not isinstance(route.body, dict):
            yield f"body {route.path}", "validation", TypeAdapter(route.body)
    for shape in SHAPES:
        name = schema_name(shape.__name__)
        yield f"shape {name}", "serialization", TypeAdapter(shape)


class _SchemaGenerator(GenerateJsonSchema):
    """Names the schemas of shapes without the suffix of their classes."""

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        core_ref, mode = core_mode_ref  # a core reference is `module.Class:number`
        name, colon, number = core_ref.partition(":")
        if name.startswith(ANSWERS):
            core_ref = CoreRef(f"{schema_name(name)}{colon}{number}")
        return super().get_defs_ref((core_ref, mode))

    def typed_dict_schema(self, schema: TypedDictSchema) -> Json:
        json_schema: Json = super().typed_dict_schema(schema)
        if schema["cls"].__module__.startswith(ANSWERS):
            json_schema["title"] = schema_name(json_schema["title"])
        return json_schema


class _DocumentBuilder:
    """Makes the schemas of all commands, queries and answers at once, so that each has one name."""

    def __init__(self, commands: Sequence[type[Command]], queries: Sequence[Query]) -> None:
        made, definitions = TypeAdapter.json_schemas(
            list(_adapters(commands, queries)),
            ref_template=REF,
            schema_generator=_SchemaGenerator,
        )
        self._commands = commands
        self._queries = queries
        self._schemas: Json = definitions["$defs"]
        self._schemas_by_use: Json = {str(name): schema for (name, _), schema in made.items()}
        self._paths: dict[str, Json] = {}

    def build(self) -> Json:
        for kind in self._commands:
            self._command(kind)
        self._any_commands()
        for query in self._queries:
            self._query(query)
        for document in DOCUMENT_ROUTES:
            self._document(document)
        for route in FIXED_ROUTES:
            self._fixed_route(route)
        problem = self._shape("Problem")
        problems = {n: parts.problem(status, problem) for n, status in parts.PROBLEMS.items()}
        return {
            "security": [{"apiKey": []}],
            "paths": self._paths,
            "components": {
                "schemas": self._schemas,
                "securitySchemes": {"apiKey": API_KEY},
                "responses": problems,
            },
        }

    def _resolved(self, name: str) -> Json:
        schema: Json = self._schemas_by_use[name]
        model = schema.get("$ref", "").rpartition("/")[2]
        return deepcopy(self._schemas[model] if model else schema)

    def _shape(self, name: str) -> Json:
        shape: Json = self._schemas_by_use[f"shape {name}"]
        return shape

    # Commands.

    def _command(self, kind: type[Command]) -> None:
        route = kind.route
        one = self._body(kind)
        answer = self._answer(kind)
        examples: Json = {"one": {"value": kind.example}}
        if route.many is None:
            self._add_command(kind, route.path, one, answer, examples)
            return
        many = parts.list_of(route.many, one, route.at_most)
        many["properties"] |= {
            name: self._resolved(f"command {kind.name}")["properties"][name]
            for name in route.shared
        }
        answer_many = parts.results(route.many.removesuffix("s"), answer, self._shape)
        examples_many: Json = {"many": {"value": {route.many: [kind.example]}}}
        if route.many_path is None:
            either, answers = {"anyOf": [one, many]}, {"anyOf": [answer, answer_many]}
            self._add_command(kind, route.path, either, answers, examples | examples_many)
            return
        self._add_command(kind, route.path, one, answer, examples)
        self._add_command(kind, route.many_path, many, answer_many, examples_many, many=True)

    def _add_command(
        self,
        kind: type[Command],
        path: str,
        body: Json,
        answer: Json,
        examples: Json,
        *,
        many: bool = False,
    ) -> None:
        summary, _, about = (inspect.getdoc(kind) or kind.name).partition("\n\n")
        summary = " ".join(summary.split())
        operation: Json = {
            "operationId": f"{kind.name}Many" if many else kind.name,
            "summary": f"{summary} (many at once)" if many else summary,
            "description": about,
            "tags": [parts.tag(path)],
            "parameters": [*parts.in_path(path), *parts.of_commands(path, many=many)],
            "requestBody": {
                "required": "required" in body or "$ref" in body or "anyOf" in body,
                "content": {"application/json": {"schema": body, "examples": examples}},
            },
            "responses": {
                **self._command_answers(
                    200 if many else kind.route.status, answer, defers=kind.defers and not many
                ),
                **parts.errors(COMMAND_ERRORS),
            },
            "security": parts.security(kind.scope),
        }
        self._paths.setdefault(path, {})[kind.route.method.lower()] = operation

    def _body(self, kind: type[Command]) -> Json:
        """The schema of the command, without the fields that are in the path."""
        in_path = parts.names(kind.route.path)
        if not in_path:
            schema_of_all: Json = self._schemas_by_use[f"command {kind.name}"]
            return schema_of_all
        schema = self._resolved(f"command {kind.name}")
        for name in in_path:
            del schema["properties"][name]
        left = [name for name in schema.pop("required", ()) if name not in in_path]
        return {**schema, "required": left} if left else schema

    def _answer(self, kind: type[Command]) -> Json:
        position = {
            "type": "object",
            "properties": {"position": {"type": "integer"}},
            "required": ["position"],
        }
        return {"allOf": [self._schemas_by_use[f"answer {kind.name}"], position]}

    def _command_answers(self, status: int, answer: Json, *, defers: bool = False) -> Json:
        """The answers to a command by status; 200 where nothing was written."""
        or_dry = {"anyOf": [answer, {"allOf": [answer, self._shape("DryRun")]}]}
        headers = parts.HEADERS_OF_COMMANDS
        answers = {"200": parts.ok("Decided, was so already, or a dry run.", or_dry, headers)}
        if status != 200:
            answers[str(status)] = parts.ok("Decided and written.", answer, headers)
        if defers:
            answers["202"] = parts.ok("Received; it is placed or rejected later.", answer, headers)
        return answers

    def _any_commands(self) -> None:
        """The batch of commands of any kinds."""
        item: Json = {
            "type": "object",
            "properties": {
                "name": {"type": "string", "enum": [kind.name for kind in self._commands]},
                "key": {"type": "string", "minLength": 1, "maxLength": 255},
            },
            "required": ["name"],
            "description": "The fields of the command, those of its path among them, beside its"
            " name and, if it has one, an idempotency key of its own.",
        }
        kind = self._commands[0]
        example: Json = {ANY_COMMANDS_FIELD: [{"name": kind.name, **kind.example}]}
        answer = parts.results("answer", {"type": "object"}, self._shape)
        self._paths[ANY_COMMANDS] = {
            "post": {
                "operationId": "AnyCommands",
                "summary": "Commands of any kinds, in order, each on its own merits",
                "tags": [parts.tag(ANY_COMMANDS)],
                "parameters": parts.of_commands(ANY_COMMANDS, many=True),
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": parts.list_of(ANY_COMMANDS_FIELD, item, ANY_COMMANDS_MAX),
                            "examples": {"many": {"value": example}},
                        }
                    },
                },
                "responses": {
                    "200": parts.ok("What came of each.", answer, parts.HEADERS_OF_COMMANDS),
                    **parts.errors(COMMAND_ERRORS),
                },
                "security": parts.security(ANY),
            }
        }

    # Queries.

    def _query(self, query: Query) -> None:
        schema = self._resolved(f"query {query.name}")
        answer = parts.ok(
            "As of the position told.",
            self._schemas_by_use[f"answer {query.name}"],
            parts.HEADERS_OF_QUERIES,
        )
        about = [schema.get("description"), inspect.getdoc(query.run)]
        moments = [parts.AS_OF]
        if isinstance(query.as_of, str):
            about.append(f"Cannot be asked with `as_of`. {query.as_of}")
            moments = []
        operation: Json = {
            "operationId": query.name,
            "summary": query.summary,
            "description": "\n\n".join(each for each in about if each),
            "tags": [parts.tag(query.path)],
            "parameters": [*parts.of_params(schema, query.path), *moments, *FRESHNESS, PURPOSE],
            "responses": {"200": answer, **parts.errors(QUERY_ERRORS)},
            "security": parts.security(query.scope),
        }
        self._paths.setdefault(query.path, {})["get"] = operation

    def _document(self, route: DocumentRoute) -> None:
        """As the query whose answer it shows, but for the answer's form."""
        of_query = self._paths[route.query.path]["get"]
        file = {PDF: {"schema": {"type": "string", "format": "binary"}}}
        answer = {**of_query["responses"]["200"], "content": file}
        operation = {
            **of_query,
            "operationId": f"{route.query.name}_document",
            "summary": route.summary,
            "responses": {**of_query["responses"], "200": answer},
        }
        self._paths.setdefault(route.path, {})["get"] = operation

    # Other routes.

    def _fixed_route(self, route: FixedRoute) -> None:
        path, method = route.documented_path, route.method.lower()
        words = re.sub(r"\W+", " ", f"{method} {path.removeprefix('/v1')}").split()
        schema = route.answer
        if not isinstance(schema, dict):
            schema = self._shape(schema_name(schema.__name__))
        if route.is_list:
            schema = {"type": "array", "items": schema}
        content = {route.media: {"schema": schema}}
        statuses = PUBLIC_ERRORS if route.scope == PUBLIC else QUERY_ERRORS
        operation: Json = {
            "operationId": "_".join(words),
            "summary": route.summary,
            "tags": [parts.tag(path)],
            "parameters": [*parts.in_path(path), *route.parameters],
            "responses": {
                str(route.status): {"description": route.summary, "content": content},
                **parts.errors(statuses),
            },
            "security": parts.security(route.scope),
        }
        if route.body is not None:
            schema, examples = route.body, {}
            if not isinstance(schema, dict):
                schema = self._schemas_by_use[f"body {route.path}"]
                values = {name: {"value": value} for name, value in route.examples.items()}
                examples = {"examples": values}
            content = {route.body_media: {"schema": schema, **examples}}
            operation["requestBody"] = {"required": True, "content": content}
        if route.conflicts:
            operation["responses"] |= parts.errors(CONFLICT_ERRORS)
        self._paths.setdefault(path, {})[method] = operation
