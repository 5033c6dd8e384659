"""The inbox: messages that vendors send are verified, kept once and sealed, and translated to
commands later, at the ledger's own pace. What pushes lose is found by sweeps."""

from __future__ import annotations

import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Any

import orjson
import structlog

from oms_ledger.domain.errors import NotFound, OmsError, Unauthenticated, Unavailable
from oms_ledger.domain.identifiers import derived_command_id
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work.consequences import Consequence, Submit, code_of, settle
from oms_ledger.engine.work.job_runner import (
    ATTEMPTS_MAX,
    LEASE_SECONDS,
    POLL_SECONDS,
    RETRIES,
    tries_of_round,
)
from oms_ledger.engine.work.state import new_holder
from oms_ledger.integrations import postgres
from oms_ledger.integrations.accounts import VendorAccounts, WebhookAdapter
from oms_ledger.integrations.directory import ConnectionDirectory
from oms_ledger.integrations.performer import VendorEffect
from oms_ledger.integrations.ports import BadSignature, NoAnswer, WebhookMessage, WebhookRequest
from oms_ledger.integrations.postgres import LeasedMessage, MessageStatus
from oms_ledger.integrations.secrets import subject_of
from oms_ledger.kernel import Log
from oms_ledger.privacy.key_cache import Lend
from oms_ledger.privacy.secret_box import SecretBox

log = structlog.get_logger(__name__)

STATES = ("waiting", "done", "dead")

PAGE_MESSAGES = 10

SWEEP_SECONDS = 300.0
"""How often each connection is swept for messages that were lost."""

MESSAGE_ID_CHARACTERS_MAX = 200
"""Of a longer id of the vendor's its hash is kept."""


class MessageStore:
    """Messages of vendors, sealed. Used by any number of threads."""

    def __init__(self, lend: Lend, box: SecretBox) -> None:
        self._lend = lend
        self._box = box

    def put(self, connection: str, messages: Sequence[WebhookMessage]) -> list[bool]:
        """Keep messages whose sender is verified, all or none; of each whether it is new."""
        ids = [_stored_id(each) for each in messages]
        sealed = {
            message_id: self._sealed(connection, message_id, each)
            for message_id, each in zip(ids, messages, strict=True)
        }
        if not sealed:
            return []
        with self._lend(Role.CONNECTOR) as session:
            new = postgres.store_messages(session, connection, sealed)
        return [message_id in new and message_id not in ids[:n] for n, message_id in enumerate(ids)]

    def _sealed(self, connection: str, message_id: str, message: WebhookMessage) -> str:
        context = _context(connection, message_id)
        return self._box.seal(subject_of(connection), _content(message), context)

    def open(self, leased: LeasedMessage) -> WebhookMessage:
        context = _context(leased.connection, leased.message_id)
        content = orjson.loads(self._box.open(leased.sealed, context))
        text = content.get("text")
        body = b64decode(content["body"]) if text is None else text.encode()
        return WebhookMessage(leased.message_id, content["kind"], body)

    def replay(self, connection: str, message_id: str) -> None:
        """Translate a message again that is done or dead. `NotFound` where there is none."""
        with self._lend(Role.CONNECTOR) as session:
            if not postgres.replay_message(session, connection, message_id):
                raise NotFound(
                    f"There is no message {message_id[:100]} of {connection[:100]} that is done or"
                    " dead. List them with GET /v1/inbox."
                )

    def drop(self, connection: str, message_id: str) -> None:
        """End a dead message: a person has decided that nothing is to follow from it. `NotFound`
        where there is none."""
        with self._lend(Role.CONNECTOR) as session:
            if not postgres.drop_message(session, connection, message_id):
                raise NotFound(
                    f"There is no dead message {message_id[:100]} of {connection[:100]}. List them"
                    " with GET /v1/inbox?state=dead."
                )

    def list(
        self, *, connection: str | None = None, state: str | None = None, limit: int = 50
    ) -> Sequence[MessageStatus]:
        """The newest first, without their content."""
        with self._lend(Role.READER) as session:
            return postgres.list_messages(session, name=connection, state=state, limit=limit)


class InboxReceiver:
    """Takes in what vendors post. Used by any number of threads."""

    def __init__(
        self, directory: ConnectionDirectory, accounts: VendorAccounts, store: MessageStore
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._store = store

    def receive(self, connection: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Verify a message and keep it; False where it is there already. `Unauthenticated` where it
        is not the vendor's: then nothing of it is kept. `Unavailable` where that cannot be decided
        now, so that the vendor sends it again."""
        (kept,) = self.receive_many(connection, [WebhookRequest(headers, body)])
        if isinstance(kept, Exception):
            raise kept
        return kept

    def receive_many(
        self, connection: str, requests: Sequence[WebhookRequest]
    ) -> list[bool | Exception]:
        """Verify messages to one connection, and keep them in one transaction. In the place of one
        that `receive` refuses stands the error. Once a signature cannot be verified now, those
        after it are not tried."""
        _, defined = self._directory.get(connection)
        with self._accounts.adapter(defined) as adapter:
            verified = list(_verified_each(adapter, connection, requests))
        good = [each for each in verified if isinstance(each, WebhookMessage)]
        new = iter(self._store.put(connection, good))
        return [next(new) if isinstance(each, WebhookMessage) else each for each in verified]


def _verified_each(
    adapter: WebhookAdapter, connection: str, requests: Sequence[WebhookRequest]
) -> Iterator[WebhookMessage | OmsError]:
    unavailable: Unavailable | None = None
    for each in requests:
        verified: WebhookMessage | OmsError
        try:
            verified = unavailable or _verified(adapter, connection, each)
        except Unauthenticated as error:
            verified = error
        except Unavailable as error:
            verified = unavailable = error
        yield verified


def _verified(adapter: WebhookAdapter, connection: str, request: WebhookRequest) -> WebhookMessage:
    try:
        return adapter.verify(request)
    except NoAnswer as error:
        raise Unavailable(
            f"The signature cannot be verified now ({error.code}). Send the message again."
        ) from None
    except BadSignature:
        pass
    except Exception as error:
        # What no vendor sends may break an adapter. It is no vendor's message.
        log.warning("message_not_verified", connection=connection, error=type(error).__name__)
    raise Unauthenticated(
        "The signature is not that of the vendor of this connection.", reason="bad_signature"
    )


class InboxTranslator:
    """Translates messages to commands, and submits them. Any number of workers may run. Tests
    override `_settle` to stop it in the middle. Used by one thread."""

    def __init__(
        self,
        lend: Lend,
        store: MessageStore,
        directory: ConnectionDirectory,
        accounts: VendorAccounts,
        effect_of: Mapping[str, VendorEffect[Any]],
        log_now: Callable[[], Log],
        submit: Submit,
        *,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._lend = lend
        self._store = store
        self._directory = directory
        self._accounts = accounts
        self._effect_of = effect_of
        self._log_now = log_now
        self._submit = submit
        self._lease_seconds = lease_seconds
        self._owner = new_holder()

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: translate what waits, or wait a little."""
        if not self.step(stop):
            stop.wait(POLL_SECONDS)
        return True

    def step(self, stop: threading.Event | None = None) -> int:
        """Translate one page, or what of it there is time for: until `stop` is set, and half of the
        lease is over. The rest is given back at once; how many messages were translated."""
        until = time.monotonic() + self._lease_seconds / 2
        paused = self._directory.paused()
        with self._lend(Role.CONNECTOR) as session:
            leased = postgres.lease_messages(
                session, self._owner, self._lease_seconds, paused, PAGE_MESSAGES
            )
        for n, each in enumerate(leased):
            if (stop is not None and stop.is_set()) or time.monotonic() >= until:
                with self._lend(Role.CONNECTOR) as session:
                    postgres.return_messages(session, leased[n:], self._owner)
                return n
            self._translate(each)
        return len(leased)

    def _translate(self, leased: LeasedMessage) -> None:
        try:
            consequences = self._consequences(leased)
            refusals = self._settle(consequences)
        except NoAnswer as error:
            self._failed(leased, error.code, seconds=error.retry_seconds or 0.0)
        except Unavailable as error:
            self._failed(leased, error.code)
        except Exception as error:
            log.warning("message_failed", connection=leased.connection, code=code_of(error))
            self._failed(leased, code_of(error))
        else:
            if refusals:
                self._failed(leased, refusals[0], dead=True)
                return
            with self._lend(Role.CONNECTOR) as session:
                postgres.message_done(session, leased, self._owner)

    def _settle(self, consequences: Sequence[Consequence]) -> list[str]:
        """The codes of those that the ledger refused."""
        return [refusal.code for refusal in settle(consequences, self._submit)]

    def _consequences(self, leased: LeasedMessage) -> list[Consequence]:
        _, defined = self._directory.get(leased.connection)
        message = self._store.open(leased)
        now = self._log_now()
        with self._accounts.adapter(defined) as adapter:
            effect = self._effect_of[defined.vendor]
            commands = effect.translate(adapter, leased.connection, message, now)
        source = f"inbox:{leased.connection}"
        reference = leased.message_id
        return [
            Consequence(
                source,
                f"{reference}/{n}",
                command,
                derived_command_id(
                    leased.received_at, source, reference, str(n), str(leased.attempts)
                ),
                now.position,
                f"connection-{leased.connection}",
                f"{source}:{reference}",
                attempt=leased.attempts,
                cause=f"{source}:{reference}",
            )
            for n, command in enumerate(commands, 1)
        ]

    def _failed(
        self, leased: LeasedMessage, code: str, *, seconds: float = 0.0, dead: bool = False
    ) -> None:
        tries = tries_of_round(leased.attempts)
        dead = dead or tries == ATTEMPTS_MAX
        seconds = max(seconds, RETRIES.pause(tries, 0.0))
        with self._lend(Role.CONNECTOR) as session:
            postgres.message_failed(session, leased, self._owner, code, seconds, dead=dead)
        if dead:
            log.warning(
                "message_dead",
                connection=leased.connection,
                message=leased.message_id,
                code=code,
            )


class InboxSweeper:
    """Finds messages that were never received, by polling. One worker at a time sweeps."""

    def __init__(
        self,
        lend: Lend,
        store: MessageStore,
        directory: ConnectionDirectory,
        accounts: VendorAccounts,
        exclusive: Callable[[], AbstractContextManager[bool]],
    ) -> None:
        self._lend = lend
        self._store = store
        self._directory = directory
        self._accounts = accounts
        self._exclusive = exclusive

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: sweep the connections whose last sweep is old."""
        with self._exclusive() as acquired:
            if acquired:
                self.step(stop)
            return acquired

    def step(self, stop: threading.Event) -> int:
        """How many messages were found that had not come."""
        names = [
            name
            for name, connection in self._directory.all().items()
            if not connection.paused
            and connection.defined is not None
            and connection.defined.vendor in self._accounts.vendors
        ]
        with self._lend(Role.CONNECTOR) as session:
            due = postgres.due_sweeps(session, names, SWEEP_SECONDS)
        missed = 0
        for name, cursor in due.items():
            if not stop.is_set():
                missed += self._sweep(name, cursor)
        return missed

    def _sweep(self, name: str, cursor: str | None) -> int:
        missed = 0
        try:
            _, defined = self._directory.get(name)
            with self._accounts.adapter(defined) as adapter:
                swept = adapter.sweep(cursor)
            missed = sum(self._store.put(name, swept.messages))
            self._record(name, swept.cursor)
        except (NoAnswer, OmsError) as error:
            log.warning("sweep_failed", connection=name, code=error.code)
            self._record(name, None)
        if missed:
            log.info("messages_missed", connection=name, count=missed)
        return missed

    def _record(self, name: str, cursor: str | None) -> None:
        with self._lend(Role.CONNECTOR) as session:
            postgres.record_sweep(session, name, cursor)


def _stored_id(message: WebhookMessage) -> str:
    if len(message.message_id) <= MESSAGE_ID_CHARACTERS_MAX:
        return message.message_id
    return sha256(message.message_id.encode()).hexdigest()


def _content(message: WebhookMessage) -> str:
    """What is sealed of a message: its kind and its body, which is in Base64 where it is not UTF-8.
    Messages of earlier versions all are."""
    try:
        body = {"text": message.body.decode()}
    except UnicodeDecodeError:
        body = {"body": b64encode(message.body).decode()}
    return orjson.dumps({"kind": message.kind, **body}).decode()


def _context(connection: str, message_id: str) -> str:
    """What a sealed message is bound to."""
    return f"message {connection} {message_id}"
