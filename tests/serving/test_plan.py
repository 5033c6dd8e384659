"""Addresses on which `serve` may listen."""

from __future__ import annotations

import socket

import pytest

from oms_ledger.domain.errors import Invalid, Unavailable
from oms_ledger.serving.serve import ServePlan, serve
from oms_ledger.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_without_keys_loopback_may_be_served(host: str) -> None:
    assert ServePlan(host, no_auth=True).no_auth


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "shop.example.com"])
def test_without_keys_nothing_else_may_be_served(host: str) -> None:
    with pytest.raises(Invalid, match="keys create"):
        ServePlan(host, no_auth=True)


def test_a_port_in_use_is_named_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"port {port}: .* --port"):
            serve(Settings(), ServePlan(port=port), lambda url: None)
