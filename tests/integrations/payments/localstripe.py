"""localstripe, which speaks Stripe's API and was not written here. It is GPL, so that it is a
program beside the project: installed by pip into a folder of its own, started as a process, never
imported. OMS_TEST_LOCALSTRIPE names the program where it is installed already."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

REQUIREMENT = "localstripe==1.15.10"
FOLDER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "oms-ledger-tests"
KEY = "sk_test_12345"
STARTS_SECONDS = 30.0


def program() -> Path:
    """The installed program. Skips the test where it cannot be installed."""
    if named := os.environ.get("OMS_TEST_LOCALSTRIPE"):
        return Path(named)
    folder = FOLDER / REQUIREMENT
    installed = folder / "bin" / "localstripe"
    if installed.exists():
        return installed
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", REQUIREMENT]
        subprocess.run(pip, check=True, timeout=300, capture_output=True)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"{REQUIREMENT} cannot be installed here: {error}")
    return installed


@contextmanager
def running(output: Path) -> Generator[str]:
    """Its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (output / "localstripe").open("w") as log:
        process = subprocess.Popen(
            [str(program()), "--port", str(port), "--from-scratch"],
            stdout=log,
            stderr=log,
            cwd=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + STARTS_SECONDS
        while not _answers(url):
            assert process.poll() is None, (output / "localstripe").read_text()[-2000:]
            assert time.monotonic() < deadline, "localstripe does not answer"
            time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return client(url).get("/v1/balance").status_code == 200
    except httpx.HTTPError:
        return False


def client(url: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def card(http: httpx.Client, number: str) -> str:
    """The token of a card, as the shop's page gets it from Stripe."""
    form = {
        "type": "card",
        "card[number]": number,
        "card[exp_month]": "12",
        "card[exp_year]": "2030",
        "card[cvc]": "123",
    }
    answer = http.post("/v1/payment_methods", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])
