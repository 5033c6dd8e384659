"""`serve` speaking HTTPS itself: to who trusts its certificate, in TLS 1.2 or newer, and to nobody
in the clear."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from oms_ledger.domain.errors import Invalid
from oms_ledger.serving.tls import server_context
from oms_ledger.settings import Settings
from tests.certificates import Authority
from tests.databases import temporary_database
from tests.serving.family import ADMIN_KEY, Family, serving
from tests.serving.shop import location, place, receive


@dataclass(frozen=True, slots=True)
class Secured:
    family: Family
    url: str
    trusted: Path
    stranger: Path

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.url.rsplit(":", 1)[1])

    def client(self, trusted: Path) -> httpx.Client:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        context = ssl.create_default_context(cafile=str(trusted))
        return httpx.Client(base_url=self.url, headers=headers, verify=context, trust_env=False)

    def protocol(self, lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> str | None:
        """The protocol version agreed upon with a client that offers these."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that old ones are not refused here already
        context.minimum_version, context.maximum_version = lowest, highest
        with (
            socket.create_connection(self.address, timeout=30) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            return secured.version()


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="oms-tls-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def secured(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    output = tmp_path_factory.mktemp("tls")
    trusted, stranger = Authority(output, "ours"), Authority(output, "stranger")
    certificate, key = trusted.issue("127.0.0.1")
    options = ("--tls-certificate", str(certificate), "--tls-key", str(key))
    with temporary_database(server) as database:
        environment = {"OMS_DATABASE_URL": database, "OMS_ADMIN_KEY": ADMIN_KEY}
        with serving(environment, output, *options) as (family, url):
            yield Secured(family, url, trusted.certificate, stranger.certificate)


@pytest.mark.long
def test_an_order_over_https(secured: Secured) -> None:
    assert secured.url.startswith("https://127.0.0.1:")
    with secured.client(secured.trusted) as http:
        location(http, "LON")
        receive(http, ("A", "LON", 2))
        made = place(http, ("A", 2))
        waits = {"min_position": made["position"], "wait_ms": 10_000}
        answer = http.get(f"/v1/orders/{made['order_id']}", params=waits)
        assert answer.json()["lines"][0]["allocated"] == 2
        assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.long
def test_a_client_that_trusts_another_authority_does_not_connect(secured: Secured) -> None:
    with (
        secured.client(secured.stranger) as wary,
        pytest.raises(httpx.ConnectError, match="verify"),
    ):
        wary.get("/healthz")


@pytest.mark.long
def test_newer_protocols_alone(secured: Secured) -> None:
    newer = {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}
    for version, name in newer.items():
        assert secured.protocol(version, version) == name
    with (
        pytest.warns(DeprecationWarning, match="TLSv1_1"),
        pytest.raises(ssl.SSLError, match=r"(?i)version|proto"),
    ):
        secured.protocol(ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)


@pytest.mark.long
def test_in_the_clear_nothing_is_answered(secured: Secured) -> None:
    with socket.create_connection(secured.address, timeout=30) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        try:
            received = plain.recv(1000)
        except ConnectionError:
            received = b""
    assert b"HTTP" not in received


# Files that are not as they should be.


def given(certificate: object, key: object) -> Settings:
    return Settings.from_environment({}, tls_certificate=certificate, tls_key=key)


def test_one_file_without_the_other_is_named(folder: Path) -> None:
    certificate, key = map(str, Authority(folder, "ours").issue("localhost"))
    with pytest.raises(Invalid, match="OMS_TLS_KEY: It is needed"):
        server_context(given(certificate, None))
    with pytest.raises(Invalid, match="OMS_TLS_CERTIFICATE: It is needed"):
        server_context(given(None, key))
    assert server_context(given(None, None)) is None
    context = server_context(given(certificate, key))
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_what_cannot_be_read_or_does_not_fit_is_named(folder: Path) -> None:
    trusted = Authority(folder, "ours")
    certificate = str(trusted.issue("localhost")[0])
    with pytest.raises(Invalid, match=r"OMS_TLS_KEY: .*none\.key cannot be read: No such file"):
        server_context(given(certificate, str(folder / "none.key")))
    _, other = trusted.issue("other")
    with pytest.raises(Invalid, match="is not the private key of the certificate"):
        server_context(given(certificate, str(other)))
    with pytest.raises(Invalid, match="is not the private key of the certificate"):
        server_context(given(certificate, certificate))


def test_a_key_that_others_can_read_is_refused_with_the_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PostgreSQL does: a group may read a key that root owns, and no other."""
    certificate, key = map(str, Authority(folder, "ca").issue("127.0.0.1"))
    root, other = 0, 12_345
    owner = os.stat(key).st_uid

    def checked(uid: int, mode: int) -> None:
        os.chmod(key, mode)
        if owner == root:
            os.chown(key, uid, -1)
        elif uid != root:
            uid = owner
        else:
            pytest.skip("only root can make files of root")
        server_context(given(certificate, key))

    for mode in (0o644, 0o604, 0o640, 0o660, 0o620):
        with pytest.raises(Invalid, match=r"OMS_TLS_KEY: .*chmod 600 "):
            checked(other, mode)
    for mode in (0o600, 0o400):
        checked(other, mode)
    for mode in (0o644, 0o660):
        with pytest.raises(Invalid, match=r"OMS_TLS_KEY: .*chmod u=rw,g=r,o= "):
            checked(root, mode)
    for mode in (0o600, 0o640, 0o440):
        checked(root, mode)
