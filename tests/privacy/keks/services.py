"""Remote key services for tests, all over HTTP: AWS KMS by moto, a real OpenBao where installed,
and a stand-in for it that is always available."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import boto3  # type: ignore[import-untyped]  # the library has no types
import pytest

from tests.privacy.keks.transit import TOKEN, Transit

ROOT = Path(__file__).parents[3]
REGION = "eu-west-1"


class Service(Protocol):
    """A running service with two keys, as OMS_KEK names them."""

    key: str
    other: str

    def rotate(self) -> None:
        """Add a new version to `key`."""

    def shut(self) -> None:
        """Make the service unavailable."""

    def open(self) -> None: ...


class Kms:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        self._port = 0
        self.open()
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://127.0.0.1:{self._port}")
        client = boto3.client("kms", region_name=REGION)
        made = [client.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
        self.arn = made[0]
        self.key, self.other = (f"aws-kms:{arn}" for arn in made)

    def rotate(self) -> None:
        client = boto3.client("kms", region_name=REGION)
        client.enable_key_rotation(KeyId=self.arn)

    def shut(self) -> None:
        self._server.stop()

    def open(self) -> None:
        from moto.server import ThreadedMotoServer  # takes long, for slow tests alone

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()
        self._port = self._server.get_host_and_port()[1]


class StandIn:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VAULT_TOKEN", TOKEN)
        self.transit = Transit()
        for name in ("oms", "other"):
            self.transit.engine.rotate(name)
        self.key, self.other = (f"vault-transit:{self.transit.url}/keys/{n}" for n in _NAMES)

    def rotate(self) -> None:
        self.transit.engine.rotate("oms")

    def shut(self) -> None:
        self.transit.stop()

    def open(self) -> None:
        self.transit.start()


_NAMES = ("oms", "other")


class OpenBao:
    """`bao server -dev`, or Vault's own; shut by sealing it."""

    def __init__(self, url: str, unseal: str) -> None:
        self.url = url
        self._unseal = unseal
        self.request("sys/mounts/transit", {"type": "transit"})
        for name in _NAMES:
            self.request(f"transit/keys/{name}", {})
        self.key, self.other = (f"vault-transit:{url}/transit/keys/{n}" for n in _NAMES)

    def request(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"X-Vault-Token": TOKEN, "Content-Type": "application/json"}
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def rotate(self) -> None:
        self.request("transit/keys/oms/rotate", {})

    def shut(self) -> None:
        self.request("sys/seal", {})

    def open(self) -> None:
        self.request("sys/unseal", {"key": self._unseal})
        _until(lambda: self.request("transit/keys/oms", {}))


def bao() -> str | None:
    """A program that serves Vault's API: `OMS_TEST_BAO_BIN`, that of `make tools`, or one in the
    path."""
    own = ROOT / ".venv-tools" / "bin" / "bao"
    named = os.environ.get("OMS_TEST_BAO_BIN")
    return named or (str(own) if own.exists() else None or shutil.which("bao"))


@contextmanager
def openbao(program: str) -> Generator[OpenBao]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        address = f"-dev-listen-address=127.0.0.1:{port}"
        process = subprocess.Popen(
            [program, "server", "-dev", f"-dev-root-token-id={TOKEN}", address,
             "-dev-no-store-token"],
            stdout=log, stderr=subprocess.STDOUT, env={"HOME": folder, "PATH": os.environ["PATH"]},
        )  # fmt: skip
        try:
            unseal_key = _until(lambda: re.search(r"Unseal Key: (\S+)", Path(log.name).read_text()))
            yield _until(lambda: OpenBao(f"http://127.0.0.1:{port}/v1", unseal_key[1]))
        finally:
            process.terminate()
            process.wait(30)


def _until(condition: Any) -> Any:
    """The first true result of `condition`, polled until the service has started."""
    deadline = time.monotonic() + 60
    while True:
        try:
            if answered := condition():
                return answered
        except OSError:
            pass
        assert time.monotonic() < deadline, "it did not start"
        time.sleep(0.05)
