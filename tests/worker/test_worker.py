"""A worker folds, seals, and keeps checkpoints in anchor stores."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from oms_commands.stock.receive import ReceiveStock
from oms_ledger.cli.main import run
from oms_ledger.worker.worker import work
from tests.audit.verify.conftest import Sealed
from tests.serving.family import until

STOP_SECONDS = 30.0


def test_it_seals_anchors_and_stops(sealed: Sealed, tmp_path: Path) -> None:
    safe, stop = tmp_path / "safe.txt", threading.Event()
    settings = replace(sealed.oms.settings, anchors=f"file:{safe}")
    worker = threading.Thread(target=work, args=(settings, stop))
    worker.start()
    try:
        until(lambda: safe.exists() and sealed.anchor.note in safe.read_text(), "anchored")
        received = ReceiveStock(sku="A", location="LON", quantity=1)
        position = sealed.oms.execute(received, actor="clerk").position
        head = sealed.oms.readers.head  # policies and deadlines may write more than was received
        until(lambda: position <= sealed.oms.audit.tree().state().size == head(), "sealed")
        until(lambda: all(s.position == head() for s in sealed.oms.readers.status()), "folded")
    finally:
        stop.set()
        worker.join(STOP_SECONDS)
    assert not worker.is_alive()
    assert sealed.verify() == {}


def test_serve_refuses_a_setting_that_names_no_anchor_store(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMS_ANCHORS", "ftp://safe")
    assert run(["serve", "--port", "0"]) == 2
    assert "'ftp://safe' is no place for checkpoints" in " ".join(capsys.readouterr().err.split())
