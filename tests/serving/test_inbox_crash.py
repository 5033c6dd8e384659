"""API processes and PostgreSQL are killed amid a flood of vendors' messages: each message that was
answered is kept, once and as it was sent."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from oms_ledger.app import open_prepared
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.embedded import database
from oms_ledger.engine.db.roles import Role
from oms_ledger.integrations.postgres import LeasedMessage
from oms_ledger.settings import Settings
from tests.serving.family import ADMIN_KEY, client, serving
from tests.serving.test_crash import kill_an_api, kill_postgresql
from tests.serving.vendor_load import SECRET, VendorLoad

pytestmark = pytest.mark.postgres

SENDERS = 12
MESSAGES_BETWEEN = 60
ROUNDS = [2, pytest.param(10, marks=pytest.mark.long)]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_kill_9_amid_a_flood_of_messages_loses_and_doubles_none(
    data_dir: Path, tmp_path: Path, rounds: int
) -> None:
    environment = {"OMS_DATA_DIR": str(data_dir), "OMS_ADMIN_KEY": ADMIN_KEY}
    options = ("--api-processes", "2", "--workers", "0")
    with serving(environment, tmp_path, *options) as (family, url):
        with client(url) as http:
            assert http.put("/v1/connections/flood", json={"vendor": "stripe"}).is_success
            secrets = {"api_key": "sk_test_flood", "webhook_secret": SECRET}
            assert http.put("/v1/connections/flood/secrets", json=secrets).is_success
        load = VendorLoad(url, "/v1/inbox/flood")
        with load.running(SENDERS):
            for number in range(rounds):
                load.until_more(MESSAGES_BETWEEN)
                kill_postgresql(data_dir) if number % 2 else kill_an_api(family, number // 2)
            load.until_more(MESSAGES_BETWEEN)
        assert load.repeated, "nobody noticed anything"
        assert load.forged, "none was forged"
        kept = kept_messages(data_dir)
    assert kept == load.bodies
    assert load.answered.keys() == load.bodies.keys()
    duplicates = {message_id for message_id, status in load.answered.items() if status == "known"}
    assert duplicates <= load.repeated


def kept_messages(data_dir: Path) -> dict[str, bytes]:
    """The bodies of all messages that are kept, opened, by their ids."""
    with database(Settings(data_dir=data_dir)) as server:
        settings = replace(Settings(data_dir=data_dir), database_url=server)
        with closing(pool.connect(server, settings.schema, role=Role.CONNECTOR)) as session:
            rows = session.execute(
                "SELECT connection, message_id, received_at, sealed, attempts FROM inbox_messages"
            ).fetchall()
        messages = [LeasedMessage(*row) for row in rows]
        assert len({each.message_id for each in messages}) == len(messages)
        with open_prepared(settings) as oms:
            opened = [oms.connections.messages.open(each) for each in messages]
    return {each.message_id: each.body for each in opened}
