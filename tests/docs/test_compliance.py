"""The page that maps what laws ask to tests says nothing of tests that do not exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compliance.md"
TEXT = PAGE.read_text("utf-8")

TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
FILE = re.compile(r"`((?:src|commands|projections|migrations|supply|tests|docs)/[\w/.]*)`")
ANCHOR = re.compile(r"\]\(([\w/.-]+\.md)#([\w-]+)\)")

STANDARDS = {
    "PCI-DSS 4.0.1": ("3.2.1", "6.2.4", "6.3.2", "7.2.1", "8.3.2", "10.2.1", "10.3.2"),
    "GDPR": ("5(1)(c)", "15 ", "16 ", "17 ", "20 ", "25 ", "32(1)", "33"),
    "HIPAA": ("164.312(a)", "164.312(b)", "164.312(c)", "164.312(d)", "164.312(e)", "164.528"),
}


@cache
def defined(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def rows(standard: str) -> list[list[str]]:
    """The rows of a standard's table, cell by cell."""
    section = TEXT.split(f"\n## {standard}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_test_that_is_named_exists() -> None:
    named = TEST.findall(TEXT)
    assert len(named) > 60
    missing = [f"{file}::{name}" for file, name in named if name and name not in defined(file)]
    assert missing == []


def test_every_file_that_is_named_exists() -> None:
    missing = [name for name in FILE.findall(TEXT) if not (ROOT / name).exists()]
    assert missing == []


def slug(heading: str) -> str:
    """How a heading is linked to."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/*.md")), ids=lambda p: str(p.name))
def test_links_into_pages_lead_to_headings(page: Path) -> None:
    for to, anchor in ANCHOR.findall(page.read_text("utf-8")):
        headings = re.findall(r"^#+ (.+)$", (page.parent / to).read_text("utf-8"), re.MULTILINE)
        assert anchor in {slug(heading) for heading in headings}, f"{to}#{anchor}"


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_row_names_a_test_or_what_is_missing(standard: str) -> None:
    for requirement, done, where, shown, remains in rows(standard):
        if done:
            assert TEST.search(shown), requirement
            assert FILE.search(where), requirement
        else:
            assert remains.startswith("Missing: "), requirement


@pytest.mark.parametrize("standard", STANDARDS)
def test_nothing_that_concerns_software_is_left_out(standard: str) -> None:
    requirements = [row[0] for row in rows(standard)]
    for wanted in STANDARDS[standard]:
        assert any(wanted in requirement for requirement in requirements), wanted
