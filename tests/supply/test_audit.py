"""Known vulnerabilities fail the audit unless they are signed off; a missing service does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from supply import audit
from supply.packages import ROOT, locked, running
from supply.signed_off import Hole

from tests import web_server

TODAY = date(2026, 6, 1)
HOLE = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.1"]}
REPORT: dict[str, Any] = {
    "dependencies": [
        {"name": "good", "version": "1.0", "vulns": []},
        {"name": "bad", "version": "2.0", "vulns": [HOLE]},
    ]
}


def hole(id: str = "CVE-2026-1", package: str = "bad", until: date = TODAY) -> Hole:
    return Hole(id, package, "not called", date(2026, 5, 1), until)


def test_a_vulnerability_fails_and_names_the_remedy() -> None:
    verdict = audit.verdict(REPORT, [], TODAY)
    assert not verdict.ok
    assert "bad 2.0: CVE-2026-1, PYSEC-2026-1. Upgrade to 2.1" in "\n".join(verdict.lines)


def test_one_that_is_signed_off_does_not_until_its_end() -> None:
    verdict = audit.verdict(REPORT, [hole()], TODAY)
    assert verdict.ok
    assert "not called" in verdict.lines[-1]
    assert not audit.verdict(REPORT, [hole(until=date(2026, 5, 31))], TODAY).ok
    assert not audit.verdict(REPORT, [hole(package="good")], TODAY).ok
    assert not audit.verdict(REPORT, [hole(id="CVE-2026-2")], TODAY).ok


def test_a_sign_off_that_is_no_longer_needed_is_reported() -> None:
    clean = {"dependencies": REPORT["dependencies"][:1]}
    verdict = audit.verdict(clean, [hole()], TODAY)
    assert verdict.ok
    assert "take it out" in verdict.lines[-1]


def test_an_index_without_advisories_is_no_audit() -> None:
    """As a package index without advisories answers; pip-audit itself would say all is well."""
    nothing = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}
    verdict = audit.verdict(nothing, [], TODAY)
    assert verdict.ok
    assert verdict.lines[0].startswith("NOT AUDITED")
    some = {"dependencies": [*REPORT["dependencies"], {"name": "a", "skip_reason": "not found"}]}
    assert "not audited: a." in "\n".join(audit.verdict(some, [], TODAY).lines)


def test_a_missing_tool_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "TOOL", tmp_path / "none")
    assert audit.main([]) == 0
    assert "make tools" in capsys.readouterr().out


@pytest.fixture
def advisories() -> Iterator[str]:
    """A service of advisories that knows one hole, in msgspec."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            vulnerable = query["package"]["name"] == "msgspec"
            body = json.dumps({"vulns": [OSV] if vulnerable else []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with web_server.running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"


OSV = {
    "id": "GHSA-test-1111-2222",
    "aliases": ["CVE-2026-9"],
    "summary": "made up",
    "details": "made up",
    "affected": [
        {
            "package": {"name": "msgspec", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}

WITH_TOOLS = pytest.mark.skipif(not audit.TOOL.exists(), reason="no pip-audit here: make tools")


@WITH_TOOLS
def test_pip_audit_checks_every_locked_package(
    advisories: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["-s", "osv", "--osv-url", advisories]
    assert audit.main(options) == 1
    output = capsys.readouterr().out
    audited = re.search(r"^(\d+) packages audited", output)
    assert audited is not None
    assert len(running()) <= int(audited[1]) <= len(locked())  # some are of other systems
    assert re.search(r"HOLE  msgspec \S+: CVE-2026-9, GHSA-test-1111-2222\. Upgrade to 99", output)
    until = hole(id="CVE-2026-9", package="msgspec", until=date(9999, 1, 1))
    monkeypatch.setattr(audit, "holes", lambda: [until])
    assert audit.main(options) == 0


@WITH_TOOLS
def test_an_unreachable_service_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    away = ["-s", "osv", "--osv-url", "http://127.0.0.1:9/v1/query", "--timeout", "2"]
    assert audit.main(away) == 0
    assert "NOT AUDITED: the advisory service cannot be asked" in capsys.readouterr().out


def test_make_check_audits() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    check = re.search(r"^check:(.*)##", makefile, re.MULTILINE)
    assert check is not None
    assert {"audit", "sbom"} <= set(check[1].split())
