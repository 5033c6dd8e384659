"""Each row of the page of features names a test that exists, or says why it has none."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "features.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "| --- |" not in line]
PLANNED = {
    *(f"A{n}" for n in (2, 4, 5, 6, 7, 10)),
    *("1.2", "B7", "B8", "M3", "M4", "J8"),
    *(f"C{n}" for n in range(1, 10)),
    *(f"D{n}" for n in range(1, 14)),
    *(f"H{n}" for n in range(1, 11)),
    *(f"I{n}" for n in range(1, 6)),
}
"""The rows that this version is measured by."""


@cache
def names_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(PAGE))))
def test_the_named_test_exists(path: str, name: str) -> None:
    assert (ROOT / path).exists(), f"{path} is not there"
    assert name in names_of(path)


def test_every_planned_row_is_on_the_page_once() -> None:
    names = [row.split("|")[1].strip() for row in ROWS]
    assert set(names) >= PLANNED
    assert len(names) == len(set(names)) + sum(names.count(head) - 1 for head in ("Row",))


def test_each_row_has_a_test_or_a_reason() -> None:
    for row in ROWS:
        head = row.startswith(("| Row |", "| Case |"))
        assert head or NAMED.search(row) or "Left out: " in row or "*Open*" in row, row


def test_a_missing_test_is_noticed() -> None:
    assert "test_that_is_not_there" not in names_of("tests/docs/test_features.py")
    assert not NAMED.search("`tests/docs/test_features.py`")
