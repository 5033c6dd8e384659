"""What the README tells its reader to type is typed here, line by line, into a real shell."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("oms-ledger")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def blocks(heading: str) -> str:
    """The shell lines under a heading of the README."""
    readme = (ROOT / "README.md").read_text("utf-8")
    section = readme.split(f"## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(BLOCK.findall(section))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    """The address of a shop served as the README says, but on a free port."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OMS_")}
    served = subprocess.Popen(
        [str(PROGRAM), "serve", "--port", "0"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert served.stdout is not None
    ready = served.stdout.readline().split()
    assert ready[:1] == ["ready"], "it did not come up"
    yield ready[1]
    served.send_signal(signal.SIGINT)
    assert served.wait(60) == 0


@pytest.mark.postgres
@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here; the README's lines need it")
@pytest.mark.long
def test_the_first_order_by_curl(shop: str, tmp_path: Path) -> None:
    typed = blocks("Your own shop").replace("http://127.0.0.1:8000", shop)
    typed = "\n".join(line for line in typed.splitlines() if "oms-ledger serve" not in line)
    typed = typed.replace("curl ", "curl -sS --fail-with-body -w '\\n' ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", typed],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    placed_at, received, order, listed, movements = map(json.loads, done.stdout.splitlines())
    assert placed_at["code"] == "LEEDS"
    assert received["on_hand"] == 10
    assert order["lines"][0]["allocated"] == 3
    assert [item["order_id"] for item in listed["items"]] == [order["order_id"]]
    assert [move["kind"] for move in movements["items"]] == ["allocated", "received"]


def test_the_command_lines_exist() -> None:
    """Each line's command and options are the program's; those that need no ledger are run."""
    from typer.main import get_command

    from oms_ledger.cli.lazy import LazyCommand
    from oms_ledger.cli.main import app

    lines = [line for line in blocks("By command line").splitlines() if line.strip()]
    assert len(lines) > 5
    for line in lines:
        words = line.split("#")[0].split()[1:]
        command = get_command(app)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]  # type: ignore[attr-defined]  # a group
            if isinstance(command, LazyCommand):
                command = command.load()
        options = {name for p in command.params for name in p.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= options, line
