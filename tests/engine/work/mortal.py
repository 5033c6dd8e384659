"""A worker of policies that is killed between two steps of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from oms_ledger.app import Oms
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.project.pages import Entry
from oms_ledger.engine.work.consequences import Consequence, Refusal
from oms_ledger.engine.work.policies import PolicyRunner, Reaction
from oms_ledger.kernel import Policy, Position
from tests.engine.work.consequences import (
    run_to_end,
)
from tests.serving.family import until


class Killed(BaseException):
    """The process ends here: nothing catches it."""


@dataclass
class Seams:
    """Counts down to the step between two others at which a worker is killed."""

    left: int
    passed: list[str] = field(default_factory=list)

    def reach(self, name: str) -> None:
        self.passed.append(name)
        self.left -= 1
        if self.left == 0:
            raise Killed(name)


class MortalRunner(PolicyRunner):
    """Is killed at one of the seams between its steps."""

    seams: Seams

    def _react(self, policy: Policy, entries: Sequence[Entry], last: Position) -> Reaction:
        reaction = super()._react(policy, entries, last)
        self.seams.reach("decided")
        return reaction

    def _settle(self, commands: Sequence[Consequence]) -> list[Refusal]:
        for n, command in enumerate(commands):
            super()._settle([command])
            self.seams.reach(f"submitted {n}")
        refusals = super()._settle(commands)
        self.seams.reach("settled")
        return refusals

    def _move(
        self,
        connection: Connection,
        name: str,
        after: Position,
        last: Position,
        refusals: Sequence[Refusal],
    ) -> bool:
        with connection.transaction():
            moved = super()._move(connection, name, after, last, refusals)
            self.seams.reach("moved, not committed")
        self.seams.reach("committed")
        return moved


SEAMS_OF_A_PAGE = 10
"""Of a page of three events: decided, six commands submitted, settled, moved, committed."""


def mortal(oms: Oms, kill_at: int, **how: int | float) -> MortalRunner:
    work = oms.work
    runner = MortalRunner(
        lambda: work._connect(Role.PROJECTOR),
        work.policies,
        work._log_at,
        work.submit,
        **{"lease_seconds": 0.2, **how},  # type: ignore[arg-type]  # sizes and seconds
    )
    runner.seams = Seams(kill_at)
    return runner


def run_until_killed(runner: MortalRunner) -> bool:
    """Whether it was killed. Its lease stays until it expires, as that of a dead process."""
    try:
        run_to_end(runner)
    except Killed:
        return True
    else:
        return False
    finally:
        runner._disconnect()


def finish(oms: Oms, runner: PolicyRunner | None = None) -> None:
    """Run until the cursors are at the head, whatever process had the leases."""
    with runner or oms.work.policy_runner() as last:
        until(lambda: last.step() == 0 and all_read(oms), "every policy has read the log")


def all_read(oms: Oms) -> bool:
    """Whether the policies of the ledger have read the log; other cursors stay where they are."""
    names = {policy.name for policy in oms.work.policies}
    cursors = oms.readers.policy_cursors()
    return all(each.lag_events == 0 for each in cursors if each.name in names)
