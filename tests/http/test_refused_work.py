"""What was refused, and waits for a person, over HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oms_ledger.app import open_prepared
from oms_ledger.http.app import create_app
from oms_ledger.http.openapi import answers
from tests.databases import Database
from tests.http.conftest import ADMIN_KEY, Api
from tests.http.example_client import fits
from tests.integrations.acme import FRAGILE_KINDS, FragileEffect, open_with_acme, payment


def test_what_an_effect_has_failed_on_is_retried_and_dismissed(
    ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FragileEffect, "broken", True)
    settings = replace(ready.settings, admin_key=ADMIN_KEY)
    with open_with_acme(settings, "https://acme.example") as oms:
        payment(oms)
        payment(oms)
    with open_prepared(settings, kinds=FRAGILE_KINDS) as oms, Api(create_app(oms)) as desk:
        with oms.connections.effect_runner() as effects:
            effects.catch_up()
        listed = desk.get("/v1/work/refused").json()
        fits(answers.RefusedWorkListAnswer, listed)
        first, second = listed["items"]
        assert (first["source"], first["code"]) == ("effect:payments", "ZeroDivisionError")
        path = f"/v1/work/refused/effect:payments/{first['reference']}"
        monkeypatch.setattr(FragileEffect, "broken", False)
        assert desk.post(f"{path}/retry").json()["reference"] == first["reference"]
        assert desk.post(f"{path}/retry").status_code == 404
        (job,) = desk.get("/v1/jobs").json()["items"]
        assert job["position"] == first["position"]
        other = f"/v1/work/refused/effect:payments/{second['reference']}/dismiss"
        assert desk.post(other).status_code == 200
        assert desk.post("/v1/work/refused/policy:p/1042/1/dismiss").status_code == 404
        assert desk.get("/v1/work/refused").json()["items"] == []
        with Api(create_app(oms), key=oms.api_keys.create("clerk", "operator")) as clerk:
            assert clerk.get("/v1/work/refused").status_code == 403
