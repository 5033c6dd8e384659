"""However the processes end, none is left, and nothing that was acknowledged is lost."""

from __future__ import annotations

import signal
import threading
from functools import partial
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # the library has no types
import pytest

from oms_ledger.engine.db.embedded import database
from oms_ledger.settings import Settings
from tests.serving.checks import checked_log, follow
from tests.serving.family import Family, alive, client, postmaster, servers, serving, until
from tests.serving.load import Load
from tests.serving.shop import location, order, place, receive
from tests.tiers import others_long

pytestmark = pytest.mark.postgres

CUSTOMERS = 4


def environment(data_dir: Path) -> dict[str, str]:
    return {"OMS_DATA_DIR": str(data_dir)}


def local_key(data_dir: Path) -> str:
    """The key that is generated at the first start of an embedded ledger."""
    return (data_dir / "api-key-main").read_text().strip()


def assert_nothing_is_left(family: Family, data_dir: Path) -> None:
    assert family.left() == []
    assert servers(data_dir) == []


class Follower:
    """A client that follows the feed until it ends."""

    def __init__(self, url: str, key: str) -> None:
        self.events = 0
        self.error: httpx.HTTPError | None = None
        self._url, self._key = url, key
        self.thread = threading.Thread(target=self._follow)
        self.thread.start()

    def _follow(self) -> None:
        try:
            with (
                client(self._url, self._key) as http,
                http.stream("GET", "/v1/events/stream?after=0") as answer,
            ):
                for line in answer.iter_lines():
                    self.events += line.startswith("data:")
        except httpx.HTTPError as error:
            self.error = error


@pytest.mark.parametrize("how", others_long([signal.SIGINT, signal.SIGTERM], signal.SIGTERM))
def test_a_signal_ends_it_under_load(data_dir: Path, tmp_path: Path, how: signal.Signals) -> None:
    with serving(environment(data_dir), tmp_path) as (family, url):
        key = local_key(data_dir)
        load = Load(url, key)
        load.open_shop()
        follower = Follower(url, key)
        with load.running(CUSTOMERS):
            load.until_more(20)
            until(lambda: follower.events > 0, "the follower sees something")
            assert family.end(how) == 0
            load.stop.set()
        assert_nothing_is_left(family, data_dir)
        follower.thread.join()
        assert follower.error is None, "the stream was torn"
        assert family.stdout.read_text() == f"ready {url}\n"
    with database(Settings(data_dir=data_dir)) as server:
        load.check_acknowledged(checked_log(server))


@pytest.mark.parametrize("how", others_long([signal.SIGINT, signal.SIGTERM], signal.SIGTERM))
def test_a_signal_ends_it_while_still_starting(
    data_dir: Path, tmp_path: Path, how: signal.Signals
) -> None:
    family = Family(environment(data_dir), tmp_path, "--port", "0")
    try:
        family.until(lambda: postmaster(data_dir) is not None, "PostgreSQL is starting")
        assert family.end(how) == 0
        assert_nothing_is_left(family, data_dir)
        assert family.stdout.read_text() == ""
    finally:
        family.clear()


@pytest.mark.long
def test_the_children_of_a_killed_parent_go_and_the_next_one_takes_over(
    data_dir: Path, tmp_path: Path
) -> None:
    with serving(environment(data_dir), tmp_path / "first", "--api-processes", "2") as (first, url):
        load = Load(url, local_key(data_dir))
        load.open_shop()
        children = first.children()
        assert len(children) == 3
        with load.running(CUSTOMERS):
            load.until_more(20)
            first.parent.kill()
            gone, left = psutil.wait_procs(children, timeout=60)
            load.stop.set()
        assert (len(gone), left) == (3, [])
        assert first.left() == []
        assert servers(data_dir), "nobody was there to stop the database"

    port = url.rsplit(":", 1)[1]
    with serving(environment(data_dir), tmp_path / "next", "--port", port) as (next_, same):
        assert same == url
        with client(url, local_key(data_dir)) as http:
            place(http, ("A", 1))
        assert next_.end(signal.SIGTERM) == 0
        assert_nothing_is_left(next_, data_dir)
    with database(Settings(data_dir=data_dir)) as server:
        load.check_acknowledged(checked_log(server))


@pytest.mark.long
def test_children_that_are_still_starting_go_with_their_parent(
    data_dir: Path, tmp_path: Path
) -> None:
    family = Family(environment(data_dir), tmp_path, "--port", "0", "--api-processes", "3")
    try:
        family.until(lambda: len(family.children()) == 4, "the children are started")
        family.parent.kill()
        until(lambda: family.left() == [], "all of them are gone")
    finally:
        family.clear()
    with database(Settings(data_dir=data_dir)):  # the last to leave stops what was left running
        assert servers(data_dir)


@pytest.mark.long
def test_two_families_share_a_database_until_the_last_leaves(
    data_dir: Path, tmp_path: Path
) -> None:
    with (
        serving(environment(data_dir), tmp_path / "one") as (first, one),
        serving(environment(data_dir), tmp_path / "two") as (second, two),
        client(one, local_key(data_dir)) as here,
        client(two, local_key(data_dir)) as there,
    ):
        assert one != two
        location(here, "LON")
        receive(there, ("A", "LON", 3))
        made = place(here, ("A", 1))
        answer = there.get(f"/v1/orders/{made['order_id']}", params=after(made["position"]))
        assert answer.json()["order_number"] == made["order_number"]

        running = postmaster(data_dir)
        assert running is not None
        running.kill()
        until(partial(accepts, here), "orders are accepted again")
        until(partial(accepts, there), "the other family accepts them too")

        assert first.end(signal.SIGTERM) == 0
        assert first.left() == []
        again = postmaster(data_dir)
        assert again is not None
        assert alive(again)
        receive(there, ("A", "LON", 1))
        last = place(there, ("A", 1))
        follow(there, last["position"])
        level = there.get("/v1/stock/A").json()
        assert (level["on_hand"], level["allocated"]) == (4, 4)
        assert second.end(signal.SIGTERM) == 0
        assert_nothing_is_left(second, data_dir)


def after(position: int) -> dict[str, int]:
    return {"min_position": position, "wait_ms": 10_000}


def accepts(http: httpx.Client) -> bool:
    """Whether an order is accepted; while the database is away it is refused in good order."""
    answer = http.post("/v1/orders", json=order(("A", 1)))
    assert answer.status_code in (201, 503), answer.text
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) >= 1
    return answer.status_code == 201
