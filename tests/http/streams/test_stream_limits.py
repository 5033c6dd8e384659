"""Streams are limited for each tracking link, each key and in all, with places kept for keys."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import pytest

from oms_ledger.app import Oms
from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.streams import watcher
from oms_ledger.http.streams.watcher import LINKS, HeadWatcher


@contextmanager
def opened(followed: HeadWatcher, holder: str) -> Generator[None]:
    followed.refuse_if_full(holder)
    with followed.client(holder):
        yield


@pytest.fixture
def quiet(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> HeadWatcher:
    """A watcher that counts its clients, and polls nothing."""
    quiet = HeadWatcher(oms.readers, Threads(4))
    monkeypatch.setattr(quiet, "_begin", lambda: None)
    return quiet


def test_a_link_has_a_few_streams(quiet: HeadWatcher) -> None:
    with ExitStack() as stack:
        for _ in range(watcher.OF_LINK_MAX):
            stack.enter_context(opened(quiet, f"{LINKS}a"))
        with pytest.raises(RateLimited):
            quiet.refuse_if_full(f"{LINKS}a")
        quiet.refuse_if_full(f"{LINKS}b")
        quiet.refuse_if_full("auditor")
    quiet.refuse_if_full(f"{LINKS}a")


def test_a_key_has_so_many_streams(quiet: HeadWatcher) -> None:
    with ExitStack() as stack:
        for _ in range(watcher.OF_CALLER_MAX):
            stack.enter_context(opened(quiet, "eager"))
        with pytest.raises(RateLimited):
            quiet.refuse_if_full("eager")
        quiet.refuse_if_full("auditor")


def test_thousands_of_streams_on_links_keep_no_auditor_out(quiet: HeadWatcher) -> None:
    with ExitStack() as stack:
        refused = 0
        for n in range(1005):
            try:
                stack.enter_context(opened(quiet, f"{LINKS}{n}"))
            except Overloaded:
                refused += 1
        assert refused == 1005 - watcher.OF_LINKS_MAX
        stack.enter_context(opened(quiet, "auditor"))
        for n in range(watcher.CLIENTS_MAX - watcher.OF_LINKS_MAX - 1):
            stack.enter_context(opened(quiet, f"key {n % 9}"))
        with pytest.raises(Overloaded):
            quiet.refuse_if_full("one more")
