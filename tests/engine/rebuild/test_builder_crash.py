"""A builder may die at any moment: the next one continues from the last written window, and no
event is folded twice or left out."""

from __future__ import annotations

import random
import subprocess
from contextlib import suppress

import pytest

from tests.databases import Database
from tests.engine.project.log import Log, expected, stored
from tests.engine.project.tallies import TALLIES
from tests.engine.rebuild.build_process import MODELS, start
from tests.engine.rebuild.test_builder import random_history
from tests.engine.rebuild.tools import ReadModelTools
from tests.resilience.hostile import wait_until

EVENTS = 30_000
"""So many that a fast machine is not done with them before the fourth kill."""
KILLS = 8
"""How often the builder is killed, before one may end. A slow machine would be done with a few
pages at each start."""
PAGE_EVENTS = 1100
"""Pages are in bulk, so that rows are kept at hand and copied."""


def position(tools: ReadModelTools) -> int:
    return tools.builds()[1].position


@pytest.mark.long
def test_killed_at_any_moment_a_build_goes_on_where_it_was(postgres: Database, log: Log) -> None:
    tools = ReadModelTools(postgres, *MODELS)
    tools.install()
    log.append(*random_history(7, EVENTS))
    requested = tools.rebuilds.request([model.name for model in MODELS])
    dice, reached = random.Random(11), [0]
    while (process := start(postgres, PAGE_EVENTS)).poll() is None:
        wait_until(lambda p=process: p.poll() is not None or position(tools) > reached[-1])  # type: ignore[misc]  # mypy cannot tell a lambda's defaults
        may_live = None if len(reached) > KILLS else dice.uniform(0.0, 0.2)
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(may_live) == 0
            break
        process.kill()
        process.wait()
        reached.append(position(tools))
    assert len(reached) > 3, "it was never killed in the middle"
    assert reached == sorted(reached), "it went back"
    tools.fold_live(EVENTS)
    for build in requested:
        assert tools.differences(build.name) == []
    assert stored(postgres, TALLIES, 2) == expected(log.events)
