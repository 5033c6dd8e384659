"""docs/access.md, written from the code: `python -m oms_ledger.cli.access`."""

from __future__ import annotations

from collections.abc import Iterator

from oms_ledger.access.roles import PUBLIC, ROLE_HOLDERS, ROLES, SCOPES, allows
from oms_ledger.http.openapi.document import document as openapi_document

HEAD = """\
# Access

Who may do what. Written from the code by `make docs`; a test asks every route with a key of every
role and compares what it is told with the last table. How keys and tokens are made, checked and
taken away stands in [security.md](security.md).

A role is a handful of scopes. Every command and every query names the one scope it asks for, and
nothing is handled before that was found. A key has a role, or single scopes (`--scope`), or both.
"""


def access() -> str:
    """The whole page, in Markdown."""
    return "\n".join((HEAD, *_roles(), *_scopes(), *_routes())) + "\n"


def routes() -> list[tuple[str, str, str]]:
    """Every route there is: method, path and the scope it asks for."""
    document = openapi_document("", "", "")
    return [
        (method.upper(), path, scope_of(operation["security"]))
        for path, its in document["paths"].items()
        for method, operation in its.items()
    ]


def scope_of(security: list[dict[str, list[str]]]) -> str:
    """The scope in what the OpenAPI document says of an operation."""
    return security[0]["apiKey"][0] if security else PUBLIC


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


def _routes() -> Iterator[str]:
    yield "## Every route and every role\n"
    yield "What is public needs no key.\n"
    yield f"| Route | Scope | {' | '.join(ROLES)} |"
    yield f"| --- | --- |{' :-: |' * len(ROLES)}"
    for method, path, scope in routes():
        may = ("yes" if allows(scopes, scope) else "·" for scopes in ROLES.values())
        yield f"| `{method} {path}` | {scope} | {' | '.join(may)} |"


if __name__ == "__main__":
    print(access(), end="")
