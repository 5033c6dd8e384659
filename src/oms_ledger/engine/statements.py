"""The SQL that lies beside a read model: `table.sql`, and named statements in `queries.sql`."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from oms_ledger.kernel import ReadModel

_COMMENT = re.compile(r"--[^\n]*")
_NAME = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)


def source(model: ReadModel, name: str) -> str:
    return resources.files(model.package).joinpath(name).read_text("utf-8")


def definitions(text: str, version: int) -> list[str]:
    """The single statements of a `table.sql`, with `{v}` filled in. Comments end with their
    line, statements with a semicolon; neither `--` nor `;` may stand in a literal."""
    plain = _COMMENT.sub("", text).replace("{v}", f"_v{version}")
    return [statement.strip() for statement in plain.split(";") if statement.strip()]


def named(text: str) -> dict[str, str]:
    """Statements by the name given in the line `-- name: <name>` above each."""
    parts = _NAME.split(text)
    return {
        name: body.strip().rstrip(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


@cache
def queries(package: str) -> dict[str, str]:
    """The named statements of the read model defined in this package; none without the file."""
    file = resources.files(package).joinpath("queries.sql")
    return named(file.read_text("utf-8")) if file.is_file() else {}
