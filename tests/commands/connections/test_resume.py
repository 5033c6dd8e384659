"""A connection is called again after a pause."""

from __future__ import annotations

from oms_commands.connections.resume import ResumeConnection
from oms_ledger.domain.connections.events import (
    ConnectionDefined,
    ConnectionPaused,
    ConnectionResumed,
)
from oms_ledger.testing import given

DEFINED = ConnectionDefined("stripe-uk", "stripe")
PAUSED = ConnectionPaused("stripe-uk")


def test_a_paused_connection_is_resumed_once() -> None:
    resume = {"connection": "stripe-uk"}
    given(DEFINED, PAUSED).when(ResumeConnection, **resume).then(ConnectionResumed("stripe-uk"))
    given(DEFINED).when(ResumeConnection, **resume).then()


def test_it_must_exist() -> None:
    given().when(ResumeConnection, connection="stripe-uk").then_refused("not_found")
