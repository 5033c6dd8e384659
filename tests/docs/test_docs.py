"""Documentation that can lie is tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oms_ledger.cli.catalogue import catalogue
from oms_ledger.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_catalogue_equals_the_generated_one() -> None:
    written = (ROOT / "docs" / "catalogue.md").read_text("utf-8")
    assert written == catalogue(), "docs/catalogue.md is old; `make docs` writes it anew"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    dead = [to for to in LINK.findall(page.read_text("utf-8")) if not (page.parent / to).exists()]
    assert dead == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached = LINK.findall((ROOT / "README.md").read_text("utf-8"))
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert pages <= set(reached), f"{pages - set(reached)} cannot be found by a reader"


@pytest.mark.parametrize("page", DECISIONS, ids=name_of)
def test_decisions_are_short_and_of_one_form(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert len(lines) <= 40
    headings = [line for line in lines if line.startswith("#")]
    assert re.match(r"# \d+\. ", headings[0])
    assert headings[1:] == ["## Context", "## Decision", "## Consequences", "## Alternatives"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"\bmake ([a-z]+)\b(?= *(?:#|`|\)|$))", page.read_text("utf-8")))
        assert named <= targets, f"{page.name} names {named - targets}"


def test_every_setting_that_is_named_exists() -> None:
    settings = {f"OMS_{name.upper()}" for name in Settings.__dataclass_fields__}
    for page in PAGES:
        named = set(re.findall(r"\bOMS_[A-Z_]+\b", page.read_text("utf-8")))
        assert {n for n in named if not n.startswith("OMS_TEST_")} <= settings, page.name
