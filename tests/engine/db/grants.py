"""Reads docs/operations.md: the table of grants, and the blocks of SQL."""

from __future__ import annotations

import re
from pathlib import Path

from oms_ledger.engine.db.roles import Role

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"

VERBS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE", "X": "EXECUTE"}

BUILDS, VIEWS = "tables of read models", "views of read models"

Allowed = dict[str, str]
"""Verbs, and how much of each: `all`, or `some` columns."""


def written() -> dict[tuple[str, Role], Allowed]:
    """The table of the page, by table and role."""
    lines = PAGE.read_text("utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("| Table |"))
    roles = [Role(name) for name in _cells(lines[start])[1:]]
    rights: dict[tuple[str, Role], Allowed] = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return rights
        table, *cells = _cells(line)
        for role, cell in zip(roles, cells, strict=True):
            rights[table.strip("`"), role] = _allowed(cell)
    return rights


def statements(first: str) -> list[str]:
    """The statements of the block of SQL that begins with `first`."""
    blocks = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if block.startswith(first)]
    return [each.strip() for each in block.split(";") if each.strip()]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _allowed(cell: str) -> Allowed:
    marks = [] if cell == "·" else cell.split()
    return {VERBS[mark[0]]: "some" if mark.endswith("*") else "all" for mark in marks}
