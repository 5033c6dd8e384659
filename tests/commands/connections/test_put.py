"""Connections are defined whole, without their secrets."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from oms_commands.connections.put import PutConnection
from oms_ledger.domain.connections.events import ConnectionDefined, ConnectionOption, VendorCode
from oms_ledger.testing import given
from tests.commands.shop import SHELF


def put(**more: Any) -> dict[str, Any]:
    return {"connection": "stripe-uk", "vendor": "stripe", **more}


def test_a_connection_is_defined_once() -> None:
    body = put(
        base_url="https://api.stripe.example/v1/",
        channel="Web",
        locations={"LON": "loc_1"},
        services={"standard": "std", "express": "exp"},
        options={"b": "2", "a": "1"},
    )
    defined = ConnectionDefined(
        "stripe-uk",
        "stripe",
        "https://api.stripe.example/v1",
        "web",
        (VendorCode("LON", "loc_1"),),
        (VendorCode("express", "exp"), VendorCode("standard", "std")),
        (ConnectionOption("a", "1"), ConnectionOption("b", "2")),
    )
    given(*SHELF).when(PutConnection, **body).then(defined)
    given(*SHELF, defined).when(PutConnection, **body).then()


@pytest.mark.parametrize("vendor", ["manual", "external", "store_credit"])
def test_a_provider_that_is_not_called_has_no_connection(vendor: str) -> None:
    refusal = (
        given().when(PutConnection, connection="bank", vendor=vendor).then_refused("invalid_fields")
    )
    assert "need no connection" in refusal.detail


def test_a_location_must_exist() -> None:
    given().when(PutConnection, **put(locations={"LON": "loc_1"})).then_refused("unknown_location")


def test_the_number_of_connections_is_limited() -> None:
    many = [ConnectionDefined(f"c{n}", "stripe") for n in range(200)]
    given(*many).when(PutConnection, **put()).then_refused("too_many_connections")
    given(*many).when(PutConnection, **put(connection="c7", channel="web")).then(
        ConnectionDefined("c7", "stripe", None, "web")
    )


@pytest.mark.parametrize(
    "url",
    [
        "api.stripe.com",
        "ftp://api.stripe.com",
        "https://",
        "https://user:pass@api.stripe.com",
        "https://api.stripe.com/?key=1",
        "https://api.stripe.com/#key",
        "https://api.stripe.com:0",
        "https://api.stripe .com",
        "https://[::1",
    ],
)
def test_a_base_url_holds_no_secret(url: str) -> None:
    with pytest.raises(ValidationError, match="without user, query"):
        PutConnection(**put(base_url=url))


@pytest.mark.parametrize("name", ["api_key", "apikey", "webhook_secret", "Password", "token"])
def test_options_hold_no_secret(name: str) -> None:
    with pytest.raises(ValidationError, match="kept in the ledger for ever"):
        PutConnection(**put(options={name: "sk_live_1"}))
