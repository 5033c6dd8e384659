"""What tests of remote root keys trust by default."""

from __future__ import annotations

import pytest

from tests.certificates import Authority


@pytest.fixture(scope="package")
def machine_authorities(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with one authority, which signs for nobody."""
    return str(Authority(tmp_path_factory.mktemp("machine"), "machine").certificate)


@pytest.fixture(autouse=True)
def _one_authority_alone(machine_authorities: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts that one. Reading the hundreds that it really trusts takes longer than
    any of these tests."""
    monkeypatch.setenv("SSL_CERT_FILE", machine_authorities)
