"""A paused connection is not called."""

from __future__ import annotations

from oms_commands.connections.pause import PauseConnection
from oms_ledger.domain.connections.events import ConnectionDefined, ConnectionPaused
from oms_ledger.testing import given

DEFINED = ConnectionDefined("stripe-uk", "stripe")


def test_a_connection_is_paused_once() -> None:
    paused = ConnectionPaused("stripe-uk", "maintenance")
    pause = {"connection": "stripe-uk", "reason": "maintenance"}
    given(DEFINED).when(PauseConnection, **pause).then(paused)
    given(DEFINED, paused).when(PauseConnection, **pause).then()


def test_it_must_exist() -> None:
    given().when(PauseConnection, connection="stripe-uk").then_refused("not_found")
