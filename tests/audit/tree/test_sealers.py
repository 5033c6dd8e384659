"""Several sealers of one ledger, and the loop around one."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from oms_ledger.audit.tree.sealer import Pace, Sealer
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work.loops import Loop, WorkFailed
from oms_ledger.engine.work.singleton import exclusive
from tests.audit.ledger import Audited, event
from tests.databases import Database


def test_one_seals_and_the_others_wait(ledger: Audited, postgres: Database) -> None:
    ledger.grow(10)
    stop = threading.Event()

    class Overlapped(Sealer):
        """While it seals, another one tries."""

        def _write(self, *arguments: object) -> None:
            assert second.step() == 0
            assert not second.attempt(stop), "reported as done"
            super()._write(*arguments)  # type: ignore[arg-type]  # passed on as they came

    with postgres.connect(Role.SEALER) as other:
        lock = partial(exclusive, postgres.connect, "sealer")
        first = Overlapped(ledger.store, "main", ledger.key_file, exclusive=lock)
        second = Sealer(ledger.another_store(other), "main", ledger.key_file, exclusive=lock)
        assert first.step() == 10
        ledger.grow(10)
        assert second.step() == 10
        ledger.grow(10)
        assert first.attempt(stop)
        assert ledger.store.state().size == 30
    assert ledger.verify().ok


def test_a_dead_sealers_lock_is_free(ledger: Audited, postgres: Database) -> None:
    ledger.grow(10)
    lock = partial(exclusive, postgres.connect, "sealer")
    sealer = Sealer(ledger.store, "main", ledger.key_file, exclusive=lock)
    session = postgres.connect()
    with exclusive(lambda _: session, "sealer") as acquired:
        assert acquired
        assert sealer.step() == 0
        session.close()
        deadline = time.monotonic() + 10
        while sealer.step() == 0:
            assert time.monotonic() < deadline, "the lock is still held"
            time.sleep(0.01)
    assert ledger.store.state().size == 10


def test_without_any_lock_the_size_keeps_them_apart(ledger: Audited, postgres: Database) -> None:
    ledger.grow(2000)
    size, errors = [0], []

    def work() -> None:
        with postgres.connect(Role.SEALER) as connection:
            store = ledger.another_store(connection)
            sealer = Sealer(store, "main", ledger.key_file, Pace(50, 100, 0.0))
            try:
                size[0] = sealer.catch_up()
            except Exception as error:
                errors.append(error)

    first = ledger.sealer(Pace(1, 1, 0.0))
    first.step()  # the key is there
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert size[0] == 2000
    assert ledger.verify().ok


def test_run_seals_until_it_is_stopped(ledger: Audited) -> None:
    ledger.grow(500)
    stop, sizes = threading.Event(), list[int]()

    def on_seal(size: int) -> None:
        sizes.append(size)
        stop.set()

    sealer = Sealer(ledger.store, "main", ledger.key_file, on_seal=on_seal)
    patience = threading.Timer(30, stop.set)
    patience.start()
    Loop("sealer", sealer.attempt).run(stop)
    patience.cancel()
    assert sizes == [500]


def test_a_loop_names_what_it_does_not_sign_and_goes_on_after_repair(
    ledger: Audited,
) -> None:
    """The state of the loop has the reason and the remedy."""
    ledger.append([event(1), event(3)])
    sealer, stop = ledger.sealer(), threading.Event()
    with pytest.raises(WorkFailed, match=r"only 2 .*oms-ledger verify"):
        sealer.attempt(stop)
    ledger.append([event(2), event(4)])
    assert sealer.attempt(stop)
    assert ledger.store.state().size == 4
    ledger.key_file.chmod(0o640)
    ledger.grow(1)
    with pytest.raises(WorkFailed, match="chmod 600"):
        ledger.sealer().attempt(stop)
