"""The installed program, as a process of its own: once, since everything else is tried within."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the library has no types
import pytest

PROGRAM = Path(sys.executable).with_name("oms-ledger")


@pytest.mark.postgres
@pytest.mark.long
def test_the_program_runs_on_its_own_database_and_leaves_nothing_running(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OMS_")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PROGRAM), *words, "--data-dir", str(tmp_path / "shop")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            check=False,
        )

    made = run("do", "PutLocation", '{"code": "LEEDS", "name": "Leeds"}')
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["position"] == 1
    refused = run("show", "order", "nothing")
    assert (refused.returncode, refused.stdout) == (4, "")
    left = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(p.info["cmdline"])]
    assert left == []
