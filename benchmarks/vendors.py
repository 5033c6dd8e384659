"""Messages of vendors taken in, beside a route that verifies the same messages and keeps nothing;
and jobs done for a vendor that answers at once."""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the library has no types
import stripe

from benchmarks.compare import Contender, Plan, Ratio, Run, Table, take_turns
from benchmarks.null_route import WEBHOOK_SECRET
from benchmarks.served import Load, route, served_ledger, wrk
from benchmarks.shop import ACTOR, five_event_order, ledger, stocked
from oms_commands.connections.put import PutConnection
from oms_commands.payments.request import RequestPayment
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.errors import OmsError
from oms_ledger.integrations.catalogue import VENDOR_KINDS
from oms_ledger.integrations.payments.effect import PaymentEffect
from oms_ledger.integrations.performer import VendorKind
from oms_ledger.integrations.ports import PaymentGateway, Vendor
from oms_ledger.kernel import Command
from oms_ledger.settings import Settings
from oms_ledger.testing.manual_gateway import ManualGateway

CONNECTIONS = 64
ACCOUNTS = 2
"""Each may send so many messages a second as `docs/security.md` says."""

MESSAGES_A_SECOND, JOBS_A_SECOND = 4000, 1000
"""More than are expected: what is made before a turn."""

INBOX, NULL, JOBS = "webhooks taken in", "route that keeps nothing", "jobs done"
INBOX_COST, NULL_COST = (f"{each}, for a second of processor time" for each in (INBOX, NULL))
AT_ONCE: Vendor[PaymentGateway] = Vendor(
    "at-once",
    "Answers at once",
    "https://vendor.example",
    {},
    {},
    frozenset(),
    lambda _: ManualGateway(),
)


def measure(server: str, plan: Plan) -> Table:
    with (
        ledger(server, "vendors") as settings,
        stocked(settings) as oms,
        tempfile.TemporaryDirectory() as folder,
    ):
        _connect(oms)
        with (
            served_ledger(settings, workers=0) as serve,
            route("benchmarks.null_route", {}) as null,
        ):
            file, numbers = Path(folder) / "messages", count(1)
            costs: dict[str, list[Run]] = {INBOX_COST: [], NULL_COST: []}
            runs = take_turns(
                plan,
                {
                    INBOX: _counted(_sender(serve, file, numbers), serve, costs[INBOX_COST]),
                    NULL: _counted(_sender(null, file, numbers), null, costs[NULL_COST]),
                    JOBS: lambda seconds: _jobs_done(settings, seconds),
                },
            )
        messages = (each for each in oms.connections.statuses() if each.name != AT_ONCE.name)
        kept = sum(each.backlog for each in messages)
        answered = sum(run.rate * round(plan.seconds) for run in runs[INBOX])
        if kept < answered * 0.99:
            raise RuntimeError(f"{answered:,.0f} messages were answered, and {kept:,} are there")
    return Table(
        "vendors",
        "Vendors",
        "a second",
        {**runs, **costs},
        [Ratio(INBOX, NULL, 0.5), Ratio(INBOX_COST, NULL_COST)],
        NOTES,
        {JOBS: 100.0},
    )


NOTES = (
    f"{CONNECTIONS} connections. Each message is another, of 1.6 kB, signed as Stripe signs: it is"
    " verified by Stripe's SDK, sealed and committed. The yardstick is a FastAPI route that reads"
    " and verifies the same messages. A job is one payment of an order: leased, authorised by a"
    " gateway in the process that answers at once, reported to the ledger, and ended, by one"
    " `JobRunner` with eight threads in the benchmark's process; the API stands still meanwhile.",
)


def _connect(oms: Oms) -> None:
    for number in range(ACCOUNTS):
        oms.execute(PutConnection(f"stripe-{number}", "stripe"), actor=ACTOR)
        secrets = {"api_key": "sk_test_benchmark", "webhook_secret": WEBHOOK_SECRET}
        oms.connections.put_secrets(f"stripe-{number}", secrets, ACTOR)
    oms.execute(PutConnection("at-once", "at-once"), actor=ACTOR)


def _sender(url: str, file: Path, numbers: Iterator[int]) -> Contender:
    """Sends messages that were never sent before: signatures are valid for five minutes."""

    def run(seconds: float) -> Run:
        some = (next(numbers) for _ in range(round(MESSAGES_A_SECOND * seconds)))
        file.write_text("".join(map(_line, some)))
        load = Load("messages.lua", CONNECTIONS, {"MESSAGES_FILE": str(file)}, path="/v1/inbox/x")
        return wrk(url, load, seconds)

    return run


def _counted(sends: Contender, url: str, costs: list[Run]) -> Contender:
    """The same turn; how many messages a second of processor time of the server's processes takes
    goes to `costs`. What else runs on the machine matters little there."""
    port = url.rpartition(":")[2]
    (server,) = (each for each in psutil.Process().children() if port in each.cmdline())

    def run(seconds: float) -> Run:
        before = _processor_seconds(server)
        sent = sends(seconds)
        costs.append(Run(sent.rate * round(seconds) / (_processor_seconds(server) - before)))
        return sent

    return run


def _processor_seconds(server: psutil.Process) -> float:
    times = [each.cpu_times() for each in (server, *server.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def _line(number: int) -> str:
    """Path, signature and body."""
    intent = {
        "id": f"pi_{number:024d}",
        "object": "payment_intent",
        "amount": 2025,
        "currency": "gbp",
        "status": "requires_capture",
        "metadata": {"oms_order": f"{number:036d}", "oms_payment": f"{number:036d}"},
        "charges": [{"id": f"ch_{n:024d}", "description": "x" * 80} for n in range(8)],
    }
    body = json.dumps(
        {
            "id": f"evt_{number:024d}",
            "object": "event",
            "type": "payment_intent.amount_capturable_updated",
            "created": int(time.time()),
            "data": {"object": intent},
        }
    )
    signature = stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
    return f"/v1/inbox/stripe-{number % ACCOUNTS}\t{signature}\t{body}\n"


def _jobs_done(settings: Settings, seconds: float) -> Run:
    kinds = (*VENDOR_KINDS, VendorKind({AT_ONCE.name: AT_ONCE}, PaymentEffect()))
    with open_prepared(settings, kinds=kinds) as oms:
        _request_payments(oms, round(JOBS_A_SECOND * seconds))
        with oms.connections.effect_runner() as effects:
            effects.catch_up()
        before, started = _open_jobs(oms), time.monotonic()
        with oms.connections.job_runner() as runner:
            stop = threading.Event()
            while time.monotonic() - started < seconds and _has_open_jobs(oms):
                runner.attempt(stop)
        took = time.monotonic() - started
        return Run((before - _open_jobs(oms)) / took)


def _open_jobs(oms: Oms) -> int:
    return sum(each.jobs for each in oms.connections.job_counts() if each.state != "dead")


def _has_open_jobs(oms: Oms) -> bool:
    return bool(oms.connections.list_jobs(state="waiting", limit=1))


def _request_payments(oms: Oms, wanted: int) -> None:
    chance = random.Random(wanted)
    while (missing := wanted - _open_jobs(oms)) > 0:
        some = min(missing, 500)
        placed = _done(oms, [five_event_order(chance) for _ in range(some)])
        requests = [
            RequestPayment(order_id=order_id, provider=AT_ONCE.name, amount="1.00")  # type: ignore[arg-type]  # from text
            for order_id in placed
        ]
        _done(oms, requests)
        with oms.connections.effect_runner() as effects:
            effects.catch_up()


def _done(oms: Oms, commands: Sequence[Command]) -> list[str]:
    outcomes = oms.execute_many(commands, actor=ACTOR)
    for outcome in outcomes:
        if isinstance(outcome, OmsError):
            raise outcome
    return [str(outcome.answer["order_id"]) for outcome in outcomes]  # type: ignore[union-attr]  # none is an error
