"""A job that fails for a while is seen in `/readyz`, `/metrics` and `work list`, and so is its
recovery. The worker is a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from oms_ledger.cli.main import run
from oms_ledger.engine.work import state
from oms_ledger.http.app import create_app
from oms_ledger.kernel import Json
from tests.audit.anchors.servers import Server
from tests.audit.verify.conftest import Sealed
from tests.http.conftest import Api
from tests.http.test_operations import metrics
from tests.serving.family import PROGRAM, until

LOOPS = {"anchors", "builder", "erasures", "projector", "retention", "sealer"}


@contextmanager
def worker(sealed: Sealed, anchors: str, output: Path) -> Generator[None]:
    """`oms-ledger work`, stopped at the end as a person stops it."""
    settings = sealed.oms.settings
    environment = {
        **os.environ,
        "OMS_DATABASE_URL": sealed.database.url,
        "OMS_DATA_DIR": str(settings.data_dir),
        "OMS_KEK": str(settings.kek),
        "OMS_ANCHORS": anchors,
    }
    with (output / "log").open("w") as log:
        process = subprocess.Popen(
            [str(PROGRAM), "work"], env=environment, stderr=log, cwd=output, start_new_session=True
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0, (output / "log").read_text()


List = Callable[[], dict[str, dict[str, Json]]]


@pytest.fixture
def listed(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> List:
    """What `work list --json` prints, by loop."""
    monkeypatch.setenv("OMS_DATABASE_URL", sealed.database.url)
    monkeypatch.setenv("OMS_DATA_DIR", str(sealed.oms.settings.data_dir))

    def read() -> dict[str, dict[str, Json]]:
        capsys.readouterr()
        assert run(["work", "list", "--json"]) == 0
        return {str(each["name"]): each for each in orjson.loads(capsys.readouterr().out)}

    return read


def test_a_job_that_fails_for_a_while_is_degraded_until_its_recovery(
    sealed: Sealed,
    outside: Server,
    tmp_path: Path,
    listed: List,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(state, "DEGRADED_SECONDS", 0.5)
    outside.down = True
    app = create_app(sealed.oms, no_auth=True)
    with Api(app, key=None) as api, worker(sealed, outside.url, tmp_path):
        until(lambda: api.get("/readyz").json()["degraded"] == ["anchors"], "it is degraded")
        assert api.get("/readyz").status_code == 200
        until(lambda: metrics(api)["oms_work_failures", "anchors"] >= 2, "it failed twice")
        assert ("oms_work_last_success_seconds", "anchors") not in metrics(api)
        until(lambda: set(listed()) >= LOOPS - {"retention"}, "all loops have reported")
        failing = listed()["anchors"]
        assert failing["degraded"] is True
        assert failing["last_success"] is None
        assert "1 of 1 anchor stores lack the newest checkpoint" in str(failing["last_error"])
        assert None not in (failing["failing_since"], failing["next_try"])
        assert listed()["sealer"]["failures"] == 0
        assert metrics(api)["oms_work_failures", "sealer"] == 0
        assert run(["work", "list"]) == 0
        words = " ".join(capsys.readouterr().out.split())
        assert "│ anchors │ degraded │" in words
        assert "anchors: 1 of 1 anchor stores lack the newest checkpoint" in words

        outside.down = False
        until(lambda: api.get("/readyz").json()["degraded"] == [], "it has recovered")
        assert metrics(api)["oms_work_failures", "anchors"] == 0
        assert metrics(api)["oms_work_last_success_seconds", "anchors"] < 60
        recovered = listed()["anchors"]
        assert (recovered["failures"], recovered["failing_since"]) == (0, None)
        assert recovered["degraded"] is False
        assert recovered["last_success"] is not None
        assert recovered["last_error"] == failing["last_error"], "the newest error is kept"
    log = (tmp_path / "log").read_text()
    assert '"event":"work_failed"' in log
    assert '"event":"work_recovered"' in log


def test_a_log_that_cannot_be_sealed_is_reported_with_a_remedy(
    sealed: Sealed, tmp_path: Path, listed: List
) -> None:
    """An event that is missing from the log stops the sealer, and nothing else."""
    with sealed.tampering() as owner:
        owner.execute("UPDATE ledger_head SET position = position + 3")
    with worker(sealed, "", tmp_path):
        until(lambda: "sealer" in listed() and bool(listed()["sealer"]["failures"]), "it fails")
        loops = listed()
        assert "Run `oms-ledger verify`" in str(loops["sealer"]["last_error"])
        assert loops["erasures"]["failures"] == 0


def test_options_of_the_worker_do_not_get_lost(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["work", "--ledger", "north", "list"]) == 2
    assert "behind the subcommand" in " ".join(capsys.readouterr().err.split())
    assert run(["work", "--help"]) == 0
    help_text = capsys.readouterr().out
    assert "list" in help_text
    assert "--ledger" in help_text


def test_the_list_reports_that_no_worker_has_run(
    listed: List, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed() == {}
    assert run(["work", "list"]) == 0
    assert "No worker has run yet" in " ".join(capsys.readouterr().err.split())
