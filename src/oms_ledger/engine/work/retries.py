"""Submits refused consequences again, and makes the jobs of events on which an effect has failed,
when a person wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from oms_ledger.domain.errors import NotFound, Refused, Unavailable
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.work import consequences, deadlines, effects, jobs, policies
from oms_ledger.engine.work.consequences import Consequence, Refusal, Submit, policy_source
from oms_ledger.engine.work.cursors import effect_cursor
from oms_ledger.engine.work.deadlines import MakeCommand
from oms_ledger.kernel import Effect, Log, Policy, Position

Remake = Callable[[Refusal], list[Consequence]]
"""Makes the commands of a refusal again."""


def retry(
    connection: Connection, remake: Remake, submit: Submit, source: str, reference: str
) -> None:
    """Submit a refused command again, or react again to an event on which the policy failed. Where
    that succeeds the refusal is deleted; where not it counts one more attempt, and the error is
    raised. `NotFound` where there is no such refusal. `connection` acts as the projector."""
    kept = _kept(connection, source, reference)
    try:
        if kept.command is None:
            _react_again(connection, remake(kept), submit)
        else:
            _submit_again(kept, remake(kept), submit)
    except Unavailable:
        raise  # it may have happened: the next retry submits it under the same key
    except Exception as error:
        consequences.refused_again(connection, kept, error)
        raise
    consequences.delete_refusal(connection, source, reference)


def retry_effect(
    connection: Connection,
    effects_of_ledger: Sequence[Effect],
    log_at: Callable[[Position], Log],
    source: str,
    reference: str,
) -> None:
    """Make the job of an event on which an effect has failed, and delete the refusal, in one
    transaction. Where the effect fails again the refusal counts one more attempt, and the error is
    raised. `connection` acts as the projector."""
    kept = _kept(connection, source, reference)
    named = (each for each in effects_of_ledger if effect_cursor(each.name) == source)
    effect = next(named, None)
    if effect is None:
        raise _unknown_source(source)
    try:
        past = log_at(kept.position)
        (event,) = past.events(kept.position - 1, 1)
        new = effects.jobs_of(effect, event, past)
    except Unavailable:
        raise
    except Exception as error:
        consequences.refused_again(connection, kept, error)
        raise
    with connection.transaction():
        jobs.enqueue(connection, new)
        consequences.delete_refusal(connection, source, reference)


def _kept(connection: Connection, source: str, reference: str) -> Refusal:
    kept = consequences.refusal(connection, source, reference)
    if kept is None:
        raise not_there(source, reference)
    return kept


def not_there(source: str, reference: str) -> NotFound:
    return NotFound(
        f"{source} has no refused command {reference!r}. `oms-ledger work refused` lists them."
    )


def _react_again(connection: Connection, commands: Sequence[Consequence], submit: Submit) -> None:
    """None of them was submitted before; those refused now are recorded."""
    consequences.record(connection, consequences.settle(commands, submit))


def _submit_again(kept: Refusal, commands: Sequence[Consequence], submit: Submit) -> None:
    """Under a key of its own: the receipt of an earlier attempt would answer the refusal again."""
    again = [
        replace(each, attempt=kept.attempts + 1)
        for each in commands
        if each.reference == kept.reference
    ]
    if not again:
        raise Refused(
            f"{kept.command} does not follow from event {kept.position} any more. Delete the"
            " refusal with `oms-ledger work dismiss`.",
            code="not_a_consequence",
        )
    (pending,) = submit(again)
    pending.result()


def consequences_again(
    policies_of_ledger: Sequence[Policy],
    commands: Mapping[str, MakeCommand],
    log_at: Callable[[Position], Log],
    kept: Refusal,
) -> list[Consequence]:
    """What follows for the policy of a refusal from its event; or the command of its deadline."""
    past = log_at(kept.position)
    (event,) = past.events(kept.position - 1, 1)
    if kept.source.removeprefix(deadlines.SOURCE) in commands:
        due = deadlines.deadline_of(kept, event.meta.correlation_id)
        return [deadlines.consequence_of(commands, due)]
    policy = next(
        (each for each in policies_of_ledger if policy_source(each.name) == kept.source), None
    )
    if policy is None:
        raise _unknown_source(kept.source)
    return policies.reactions(policy, event, past)


def _unknown_source(source: str) -> NotFound:
    return NotFound(
        f"This program has no {source}. Retry it with the version of the program that has it, or"
        " delete the refusal with `oms-ledger work dismiss`."
    )
