"""A worker process that is killed at a request it makes: before the stand-in acts, after it has
acted and before it answers, or after its answer."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from random import Random

from oms_ledger.app import open_prepared
from oms_ledger.settings import Settings
from oms_ledger.testing.paypal.api import PayPalStandIn, StandInAnswer
from tests.integrations.payments.till import Till

MOMENTS = ("before", "during", "after")
PATIENCE_SECONDS = 60.0

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def work(settings: Settings) -> None:
    """Until nothing is left to do."""
    with open_prepared(settings) as oms:
        Till(oms, PayPalStandIn()).work()


@dataclass
class Plan:
    """Kill at the `left`-th request that changes something, at a moment; `pause` seconds after the
    answer."""

    left: int
    moment: str
    pause: float


class Executioner:
    """Has the stand-in's answers kill the worker. It replaces `answer` of one stand-in."""

    def __init__(self, stand_in: PayPalStandIn) -> None:
        self._answer = stand_in.answer
        self.plan: Plan | None = None
        self.worker: BaseProcess | None = None
        self.killed: dict[str, int] = dict.fromkeys(MOMENTS, 0)
        stand_in.answer = self.answer  # type: ignore[method-assign]  # a seam of the test

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> StandInAnswer:
        plan = self.plan
        if plan is None or method != "POST" or target.startswith("/v1/"):
            return self._answer(method, target, headers, body)
        plan.left -= 1
        if plan.left != 0:
            return self._answer(method, target, headers, body)
        if plan.moment == "before":
            self._kill("before")
        answer = self._answer(method, target, headers, body)
        if plan.moment == "during":
            self._kill("during")
        return answer

    def _kill(self, moment: str) -> None:
        assert self.worker is not None
        assert self.worker.pid is not None
        self.plan = None
        os.kill(self.worker.pid, signal.SIGKILL)
        self.killed[moment] += 1

    def run(self, settings: Settings, chance: Random) -> None:
        """One worker, which is killed at a random moment, unless it is done before."""
        plan = Plan(chance.randint(1, 2), chance.choice(MOMENTS), chance.random() * 0.05)
        self.worker = _context.Process(target=work, args=(settings,), daemon=True)
        self.plan = plan
        self.worker.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.worker.is_alive() and time.monotonic() < deadline:
            if plan.moment == "after" and plan.left <= 0:
                time.sleep(plan.pause)
                self._kill("after")
                break
            time.sleep(0.002)
        self.worker.join(PATIENCE_SECONDS)
        self.plan = None
        assert not self.worker.is_alive(), "the worker came to no end"
