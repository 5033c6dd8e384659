"""Submits commands to a writer, and awaits its outcomes and refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future

from oms_ledger.engine.write.writer import Outcome, Submission, Writer
from oms_ledger.kernel import Command
from tests.engine.toy import context

OpenWriter = Callable[..., Writer]
"""Makes a `Writer` over the test's store; it is closed with the test."""


def submit(writer: Writer, command: Command, **how: object) -> Outcome:
    return writer.submit(Submission(command, context(), **how)).result(10)  # type: ignore[arg-type]  # fields of Submission


def submissions(commands: Iterable[Command]) -> list[Submission]:
    return [Submission(command, context()) for command in commands]


def refusals(futures: list[Future[Outcome]]) -> list[BaseException | None]:
    return [f.exception(10) for f in futures]
