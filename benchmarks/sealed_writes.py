"""`python -m benchmarks.sealed_writes`: what sealing adds to an order over HTTP, in CPU time.

The same API gets orders by turns with sealing and without (which no setting can do), so that both
run on the same machine. The figures count this process and the database together. First all orders
are of new customers, which each need a key: the dearest case; then of known customers.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count, islice, product
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import psutil  # type: ignore[import-untyped]  # the library has no types

from benchmarks.shop import ledger, sku_of, stocked
from oms_ledger.app import Oms
from oms_ledger.engine.db.embedded import database
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.http.app import create_app
from oms_ledger.settings import Settings

ORDERS = 1500
CONNECTIONS = 64
ROUNDS = 5

_numbers = count()


def body(person: int) -> bytes:
    email = f"a{person}@example.com"
    customer = {"id": str(person), "name": "A. Customer", "email": email, "phone": "+44 1"}
    fields = {"name": "A. Customer", "line1": "1 High Street", "postal_code": "LS1 1AA"}
    lines = [{"sku": sku_of(n), "quantity": 1, "unit_price": "2.55"} for n in range(3)]
    order = {"channel": "web", "currency": "GBP", "customer": customer, "lines": lines}
    return orjson.dumps({**order, "shipping_address": {**fields, "city": "Leeds"}})


async def post(app: Any, content: bytes, path: str = "/v1/orders") -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"host", b"127.0.0.1")],
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
    }
    messages: list[Any] = []
    scope["path"], scope["raw_path"] = path, path.encode()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, send)
    if messages[0]["status"] not in (200, 201):
        raise SystemExit(messages[-1]["body"].decode())


async def load(app: Any, bodies: Iterator[bytes], batch: int) -> None:
    async def client() -> None:
        for content in bodies:
            if batch == 1:
                await post(app, content)
                continue
            many = b",".join([content, *islice(bodies, batch - 1)])
            await post(app, b'{"orders": [' + many + b"]}", "/v1/orders:batch")

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))


def cpu_seconds(server: psutil.Process) -> float:
    """Of this process and of the database, children that ended included."""
    its = [server, *server.children(recursive=True)]
    used = [process.cpu_times() for process in its]
    return time.process_time() + float(sum(t.user + t.system for t in used))


def microseconds(app: Any, server: psutil.Process, bodies: Sequence[bytes], batch: int) -> float:
    before = cpu_seconds(server)
    asyncio.run(load(app, iter(bodies), batch))
    return (cpu_seconds(server) - before) / len(bodies) * 1e6


def bodies(newcomers: bool) -> list[bytes]:
    return [body(next(_numbers) if newcomers else n % 100) for n in range(ORDERS)]


def measure(oms: Oms, server: psutil.Process) -> None:
    sealing = oms.vault.sealer.seal_cached

    def nothing(submissions: Sequence[Submission]) -> list[Submission] | None:
        return list(submissions)

    for batch, newcomers in product((1, 100), (True, False)):
        sealed: list[float] = []
        plain: list[float] = []
        for _ in range(ROUNDS):
            for method, its in ((sealing, sealed), (nothing, plain)):
                oms.vault.sealer.seal_cached = method  # type: ignore[method-assign]  # what no setting can do
                app = create_app(oms, no_auth=True)  # lives on the event loop of one load
                its.append(microseconds(app, server, bodies(newcomers), batch))
        with_it, without = median(sealed), median(plain)
        label = f"{'newcomers' if newcomers else 'customer customers'}, {batch} a request"
        share = (with_it - without) / with_it
        print(f"{label}: {with_it:.0f} us an order, {without:.0f} without: {share:.1%} is sealing")


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="oms-benchmarks-") as folder,
        database(Settings(data_dir=Path(folder))) as url,
        ledger(url, "sealing") as settings,
        stocked(settings) as oms,
    ):
        pid = int((Path(folder) / "pg" / "postmaster.pid").read_text().split()[0])
        measure(oms, psutil.Process(pid))


if __name__ == "__main__":
    main()
