"""Decides the commands of one batch. Its only I/O is `load`, for streams that a command turns out
to read.

Commands are decided in order, as if each were a batch of its own. A refused command changes no
state: rules never mutate, and events are applied only after a command is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from datetime import datetime

from oms_ledger.domain.errors import Conflict, IdempotencyKeyReused, OmsError
from oms_ledger.domain.json_values import feed_item
from oms_ledger.domain.registry import STATES
from oms_ledger.engine.log import codec, snapshots
from oms_ledger.engine.log.store import (
    EventRow,
    Head,
    LoadRequest,
    Receipt,
    SnapshotRow,
    StoredKey,
    SubjectKeyRow,
)
from oms_ledger.engine.write.channels import StatesOfChannels
from oms_ledger.engine.write.preview import PreviewStates
from oms_ledger.engine.write.states import StateCache
from oms_ledger.engine.write.submissions import (
    KeyRows,
    KeySuperseded,
    Outcome,
    Result,
    Submission,
    decode_outcome,
    encode_outcome,
)
from oms_ledger.kernel import Change, Context, Given, Meta, Recorded, Ref

SNAPSHOT_EVERY = 1000
"""Events of one stream between two snapshots of it."""

LOAD_ROUNDS = 8
"""How many times a command may name more streams to load after reading some. An order, then its
stock: two."""


class Decider:
    """Decides one batch under the head lock, and collects the rows to write: `events`, `receipts`,
    `snapshots`, and with the events that need them `keys` and `blinds`. `size`: bytes of the
    events."""

    def __init__(
        self,
        states: StateCache,
        head: Head,
        recorded_at: datetime,
        receipts: Sequence[Receipt],
        load: Callable[[LoadRequest], None],
        keys: Sequence[StoredKey] = (),
    ) -> None:
        self.states = states
        self.position = head.position
        self.recorded_at = recorded_at
        self.events: list[EventRow] = []
        self.receipts: list[Receipt] = []
        self.snapshots: dict[str, SnapshotRow] = {}
        self.keys: dict[str, SubjectKeyRow] = {}
        self.blinds: dict[tuple[str, str], None] = {}
        self.size = 0
        self._load = load
        self._written: set[str] = set()
        self._receipts = {(r.scope, r.key): r for r in receipts}
        self._living = {key.subject: key.key_id for key in keys if key.living}
        self._destroyed = {key.key_id for key in keys if not key.living}

    def decide(self, submission: Submission, reads_by: Set[str] | None) -> Result:
        """The outcome, or the refusal. Any other exception is an error in the rules. `reads_by` as
        of a `PendingSubmission`: None where what the command reads is still to be loaded."""
        idempotency = None if submission.dry_run else submission.idempotency
        if idempotency is not None:
            receipt = self._receipts.get((idempotency.scope, idempotency.key))
            if receipt is not None:
                return _replay(receipt, idempotency.fingerprint)
        if self._is_superseded(submission):
            return KeySuperseded("Another order of this person was first. Try again.")
        result: Result
        try:
            given = self._given(submission)
            loaded = reads_by is not None and self._written.isdisjoint(reads_by)
            if not loaded or given is not self.states:
                self._load_states(submission, given)
            changes = self._decide(submission, given)
        except OmsError as refusal:
            result = refusal
        else:
            # An exception from here on breaks the whole batch: its events must not be written.
            result = self._outcome(submission, changes, given)
        if idempotency is not None:
            outcome = encode_outcome(result, self.position)
            receipt = Receipt(idempotency.scope, idempotency.key, idempotency.fingerprint, outcome)
            self._receipts[idempotency.scope, idempotency.key] = receipt
            self.receipts.append(receipt)
        return result

    def _given(self, submission: Submission) -> StateCache | StatesOfChannels:
        """The states that the command may see."""
        if submission.channels is None:
            return self.states
        return StatesOfChannels(self.states, submission.channels)

    def _decide(
        self, submission: Submission, given: StateCache | StatesOfChannels
    ) -> Sequence[Change]:
        """The events that the command decides on. Raises the refusal."""
        if submission.expected is not None:
            _check_version(*submission.expected, given)
        if isinstance(given, StatesOfChannels):
            submission.command.check_within_channels(given)
        changes = submission.command.decide(submission.ctx, given)
        if isinstance(given, StatesOfChannels):
            given.refuse_other_channels(changes)
        return changes

    def _outcome(self, submission: Submission, changes: Sequence[Change], given: Given) -> Outcome:
        command, ctx = submission.command, submission.ctx
        if submission.dry_run:
            items = [feed_item(r) for r in self._preview(changes, command.name, ctx)]
            answer = command.answer(ctx, PreviewStates(given, changes))
            return Outcome({**answer, "events": items}, self.position, 0, False, False, False)
        began = self._append(changes, command.name, ctx)
        if changes and submission.keys is not None:
            self._store_keys(submission.keys)
        answer, events = command.answer(ctx, given), len(changes)
        return Outcome(answer, self.position, events, False, bool(changes), began)

    def _is_superseded(self, submission: Submission) -> bool:
        """Whether a new key cannot be stored: it was destroyed, or its subject has another one."""
        new = None if submission.keys is None or submission.dry_run else submission.keys.new
        if new is None:
            return False
        living = self._living.get(new.subject, new.key_id)
        return living != new.key_id or new.key_id in self._destroyed

    def _store_keys(self, keys: KeyRows) -> None:
        new = keys.new
        if new is not None and new.subject not in self._living:
            self._living[new.subject] = new.key_id
            self.keys[new.key_id] = new
        self.blinds.update(dict.fromkeys(keys.blinds))

    def _load_states(self, submission: Submission, given: StateCache | StatesOfChannels) -> None:
        for _ in range(LOAD_ROUNDS):
            refs = submission.command.reads(submission.ctx, self.states)
            if isinstance(given, StatesOfChannels):
                refs = given.owners(refs)
            request = self.states.missing(refs)
            if not request:
                return
            self._load(request)
        raise RuntimeError(f"{submission.command.name} reads ever more streams")

    def _append(self, changes: Sequence[Change], command: str, ctx: Context) -> bool:
        """Turn changes into event rows, and apply them to the states; whether a stream began."""
        began = False
        shared: dict[datetime | None, bytes] = {}
        for change in changes:
            meta = shared.get(change.occurred_at)
            if meta is None:
                meta = codec.encode_meta(self._meta(change, command, ctx))
                shared[change.occurred_at] = meta
            event = change.event
            stream = event.stream
            entry = self.states.entry(stream)
            state = entry.state
            state.apply(event)
            state.version += 1
            began = began or state.version == 1
            if event.changes_reads:
                self._written.add(event.category)
            self.position += 1
            stored = codec.encode_with(meta, event)
            self.events.append(EventRow(stream, state.version, event.type, stored, self.position))
            self.size += len(stored)
            self.states.add_bytes(entry, len(stored))
            if state.version - entry.snapshot >= SNAPSHOT_EVERY:
                entry.snapshot = state.version
                self.snapshots[stream] = snapshots.snapshot(stream, self.position, state)
        return began

    def _preview(self, changes: Sequence[Change], command: str, ctx: Context) -> list[Recorded]:
        """The changes of a dry run, as they would be recorded."""
        versions: dict[str, int] = {}
        items = []
        for offset, change in enumerate(changes, start=1):
            event = change.event
            stream = event.stream
            if stream not in versions:
                versions[stream] = self.states.state(STATES[event.category], event.key).version
            version = versions[stream] + 1
            versions[stream] = version
            meta = self._meta(change, command, ctx)
            items.append(Recorded(self.position + offset, stream, version, change.event, meta))
        return items

    def _meta(self, change: Change, command: str, ctx: Context) -> Meta:
        return Meta(
            self.recorded_at,
            ctx.actor,
            command,
            ctx.command_id,
            ctx.correlation_id,
            ctx.causation_id,
            change.occurred_at,
        )


def _check_version(ref: Ref, expected: int, given: Given) -> None:
    kind, key = ref
    version = given.state(kind, key).version
    if version != expected:
        raise Conflict(
            f"{kind.category} {key} is at version {version}, not {expected}. "
            "Read it again and decide anew."
        )


def _replay(receipt: Receipt, fingerprint: bytes) -> Result:
    if receipt.fingerprint != fingerprint:
        return IdempotencyKeyReused(
            f"Idempotency key {receipt.key!r} was used for a different request. "
            "Use a new key for a new request."
        )
    return decode_outcome(receipt.outcome)
