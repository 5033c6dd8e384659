"""Generates docs/access.md: `python -m oms_ledger.cli.access` prints it."""

from __future__ import annotations

from collections.abc import Iterator

from oms_commands import COMMANDS
from oms_ledger.access.roles import ANY, PUBLIC, ROLE_HOLDERS, ROLES, SCOPES, allows
from oms_ledger.http.document_routes import DOCUMENT_ROUTES
from oms_ledger.http.openapi.document import document as openapi_document
from oms_ledger.http.routes import ANY_COMMANDS
from oms_projections import QUERIES

HEAD = """\
# Access

The rights of each role. Generated from the code by `make docs`; a test calls every route with a
key of every role and compares the answers with the last table. How keys and tokens are created,
verified and revoked is in [security.md](security.md).

A role is a set of scopes. Every command and every query names the one scope that it requires, and
no request is handled before its key is checked for that scope. A key has a role, or single scopes
(`--scope`), or both.
"""

BOUND = """\
## Keys bound to channels

A key that was made with `--channel` may use these routes, as far as its role goes, for the orders
of its channels, and the public ones; every other is answered 403. A test calls every route and
sends every command with such a key.
"""


def access() -> str:
    """The whole page, in Markdown."""
    return "\n".join((HEAD, *_roles(), *_scopes(), *_bound(), *_routes())) + "\n"


def routes() -> list[tuple[str, str, str]]:
    """Method, path and required scope of every route."""
    document = openapi_document("", "", "")
    return [
        (method.upper(), path, scope_of(operation["security"]))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def scope_of(security: list[dict[str, list[str]]]) -> str:
    """The required scope, from the `security` of an operation in the OpenAPI document."""
    if not security:
        return PUBLIC
    (scope,) = security[0]["apiKey"] or [ANY]
    return scope


def _roles() -> Iterator[str]:
    yield "## Roles\n"
    yield "| Role | For | Scopes |"
    yield "| --- | --- | --- |"
    for role, scopes in ROLES.items():
        given = ", ".join(scope for scope in SCOPES if scope in scopes)
        yield f"| {role} | {ROLE_HOLDERS[role]} | {given} |"
    yield ""


def _scopes() -> Iterator[str]:
    yield "## Scopes\n"
    yield "| Scope | Allows |"
    yield "| --- | --- |"
    for scope, allowed in SCOPES.items():
        yield f"| {scope} | {allowed} |"
    yield ""


def _bound() -> Iterator[str]:
    yield BOUND
    for command in COMMANDS.values():
        if command.within_channels:
            yield f"- `{command.route.method} {command.route.path}`"
            if command.route.many_path:
                yield f"- `{command.route.method} {command.route.many_path}`"
    yield f"- `POST {ANY_COMMANDS}`, for these commands"
    for query in QUERIES:
        if query.within_channels and query.scope != PUBLIC:
            yield f"- `GET {query.path}`"
    for document in DOCUMENT_ROUTES:
        if document.query.within_channels:
            yield f"- `GET {document.path}`"
    yield ""


def _routes() -> Iterator[str]:
    yield "## Every route and every role\n"
    yield "A public route needs no key. A route with the scope `any` accepts every key and checks"
    yield "each part by itself: each command of a batch needs the scope of its own route.\n"
    yield f"| Route | Scope | {' | '.join(ROLES)} |"
    yield f"| --- | --- |{' :-: |' * len(ROLES)}"
    for method, path, scope in routes():
        may = ("yes" if allows(scopes, scope) else "·" for scopes in ROLES.values())
        yield f"| `{method} {path}` | {scope} | {' | '.join(may)} |"


if __name__ == "__main__":
    print(access(), end="")
