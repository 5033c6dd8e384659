"""Clients of one ledger, as threads and as processes of their own: each submits one command
after the other and records its outcome.

    python -m tests.resilience.clients URL SCHEMA NAME COMMANDS      prints its observations as JSON
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from oms_ledger.domain.errors import Refused, Unavailable
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.write.writer import Idempotency, Outcome, Submission, Writer
from oms_ledger.kernel import Context
from tests.engine.toy import NOW, Receive, Take
from tests.resilience.history import Fate, Observation

ROOT = Path(__file__).parents[2]
HOT = "HOT"


@dataclass
class Client:
    """Takes units of one SKU that all clients take, and receives units of others. Its choices
    follow from its name."""

    name: str
    writer: Writer
    observations: list[Observation] = field(default_factory=list)

    def run(self, commands: int) -> None:
        dice = random.Random(self.name)
        for number in range(commands):
            id_ = f"{self.name}-{number}"
            if dice.random() < 0.6:
                self.submit(id_, Take(HOT, dice.randint(1, 3)), once=dice.random() < 0.5)
            else:
                self.submit(id_, Receive(f"S{dice.randint(1, 5)}", 1), once=dice.random() < 0.5)

    def submit(self, id_: str, command: Take | Receive, *, once: bool = False) -> None:
        context = Context(NOW, id_, self.name, id_, id_, "token")
        key = Idempotency(self.name, id_, b"") if once else None
        events = command.quantity if isinstance(command, Take) else 1
        sent_at = time.monotonic()
        future = self.writer.submit(Submission(command, context, key))
        fate, position = _fate(future)
        self.observations.append(
            Observation(id_, sent_at, time.monotonic(), events, fate, position)
        )


def _fate(future: Future[Outcome]) -> tuple[Fate, int]:
    try:
        outcome = future.result(60)
    except Refused:
        return "refused", 0
    except Unavailable as error:
        return ("unknown" if "not known" in error.detail else "denied"), 0
    except Exception as error:
        raise AssertionError(f"neither an answer nor a refusal: {error!r}") from error
    assert not outcome.replayed, "each key was sent once"
    return "accepted", outcome.position


def run_clients(
    names: list[str], open_writer: Callable[[], Writer], commands: int, together: int = 3
) -> list[Observation]:
    """Runs client threads, `together` of them on each writer; the observations of all."""
    writers = [open_writer() for _ in range(0, len(names), together)]
    clients = [Client(name, writers[n // together]) for n, name in enumerate(names)]
    wrong: list[BaseException] = []

    def run(client: Client) -> None:
        try:
            client.run(commands)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.close()
    if wrong:
        raise wrong[0]
    return [a for client in clients for a in client.observations]


def start_process(url: str, schema: str, name: str, commands: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__, url, schema, name, str(commands)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def observations_of(process: subprocess.Popen[str]) -> list[Observation]:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return msgspec.json.decode(output.splitlines()[-1], type=list[Observation])


def main(url: str, schema: str, name: str, commands: str) -> None:
    def open_writer() -> Writer:
        return Writer(PostgresStore(lambda: pool.connect(url, schema, role=Role.WRITER)))

    observations = run_clients([f"{name}-{n}" for n in range(3)], open_writer, int(commands))
    print(msgspec.json.encode(observations).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
