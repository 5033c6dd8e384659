"""A worker seals what is written and keeps checkpoints outside, beside folding."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from oms_commands.stock.receive import ReceiveStock
from oms_ledger.cli.main import run
from oms_ledger.worker.worker import work
from tests.audit.verify.conftest import Sealed

PATIENCE_SECONDS = 30.0


def until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def test_it_seals_anchors_and_stops(sealed: Sealed, tmp_path: Path) -> None:
    safe, stop = tmp_path / "safe.txt", threading.Event()
    settings = replace(sealed.oms.settings, anchors=f"file:{safe}")
    worker = threading.Thread(target=work, args=(settings, stop))
    worker.start()
    try:
        until(lambda: safe.exists() and sealed.anchor.note in safe.read_text())
        received = ReceiveStock(sku="A", location="LON", quantity=1)
        position = sealed.oms.execute(received, actor="clerk").position
        until(lambda: sealed.oms.audit.tree().state().size == position)
        until(lambda: all(s.position == position for s in sealed.oms.readers.status()))
    finally:
        stop.set()
        worker.join(PATIENCE_SECONDS)
    assert not worker.is_alive()
    assert sealed.verify() == {}


def test_a_place_that_cannot_be_is_said_before_anything_is_served(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMS_ANCHORS", "ftp://safe")
    assert run(["serve", "--port", "0"]) == 2
    assert "'ftp://safe' is no place for checkpoints" in " ".join(capsys.readouterr().err.split())
