"""Imports point inwards only: the contracts of `pyproject.toml` are kept."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from tests.architecture.sources import PACKAGES, ROOT

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"


def test_the_contracts_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_every_part_has_its_ring() -> None:
    """A new part of the program says who may import it before it is written."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = [c["layers"] for c in config["contracts"] if c["type"] == "layers"]
    rings = {name.strip() for layer in layers for name in layer.split("|")}
    parts = {
        f"oms_ledger.{path.stem}"
        for path in (ROOT / PACKAGES[0]).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    free = {"oms_ledger.__init__", "oms_ledger.settings", "oms_ledger.logs"}
    assert parts - free <= rings, "name its ring in the layers of pyproject.toml"
