"""The bill of materials lists what runs, as it is locked, and a strict reader accepts it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from supply import bill
from supply.packages import ROOT, Locked, locked, running

PYTHON = ROOT / ".venv-tools" / "bin" / "python"

WHOLE: bill.Bill = {
    "metadata": {"component": {"bom-ref": "root"}},
    "components": [
        {"name": name, "version": "1", "bom-ref": name} for name in ("a", "b", "Dev_Tool")
    ],
    "dependencies": [
        {"ref": "root", "dependsOn": ["a", "Dev_Tool"]},
        {"ref": "a", "dependsOn": ["b"]},
        {"ref": "Dev_Tool"},
    ],
}
LOCK = {name: Locked("1", ("00",)) for name in ("a", "b", "dev-tool")}


def test_development_stays_out() -> None:
    kept = bill.reduced(WHOLE, {"a", "b"}, LOCK)
    assert [each["name"] for each in kept["components"]] == ["a", "b"]
    assert kept["dependencies"] == [
        {"ref": "root", "dependsOn": ["a"]},
        {"ref": "a", "dependsOn": ["b"]},
    ]


def test_a_package_that_differs_from_the_lock_is_reported() -> None:
    with pytest.raises(SystemExit, match="Not as locked: a"):
        bill.reduced(WHOLE, {"a"}, {"a": Locked("2", ("00",))})
    with pytest.raises(SystemExit, match="Not installed: c"):
        bill.reduced(WHOLE, {"c"}, LOCK)


STRICT = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(str(errors) if errors else 0)
"""


@pytest.mark.skipif(not bill.TOOL.exists(), reason="no cyclonedx-py here: make tools")
def test_the_bill_of_this_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bill, "ROOT", tmp_path)
    monkeypatch.setattr(bill, "OUT", tmp_path / "build" / "sbom.cdx.json")
    assert bill.main() == 0
    made = json.loads(bill.OUT.read_text())
    some = bill.reduced(made, {"psycopg", "psycopg-binary", "cffi", "pycparser"}, locked())
    part = tmp_path / "part.json"
    part.write_text(json.dumps(some))  # the whole takes a quarter of a minute
    read = subprocess.run([str(PYTHON), "-c", STRICT, str(part)], check=False)
    assert read.returncode == 0
    assert made["metadata"]["component"]["name"] == "oms-ledger"
    lock = locked()
    assert len(made["components"]) == len(running())
    for each in made["components"]:
        assert each["purl"].startswith("pkg:pypi/")
        assert len(each["hashes"]) >= 1
        assert each["licenses"], each["name"]
        assert each["version"] in {locked.version for locked in lock.values()}
