"""Every request is answered in time, by 503 if need be, whatever the answer waits for."""

from __future__ import annotations

from time import perf_counter

from starlette.types import Message, Receive, Scope, Send

from oms_ledger.domain.errors import Unavailable
from oms_ledger.http import metrics
from oms_ledger.http.endpoint import Endpoint, send_problem
from oms_ledger.http.time_limits import TimeLimits

MARGIN_SECONDS = 2.0
"""Added to the setting `database_deadline_seconds`: a wait for the database that ends by itself has
a better answer than the deadline here."""

READING = ("GET", "HEAD")

NO_ANSWER = "The database has not answered in time. Try again in a moment."
UNKNOWN = (
    "The database has not answered in time; whether this happened is not known. Send it again with"
    " the same Idempotency-Key: it will not happen twice."
)


class Deadline:
    """Ends requests whose answer has not begun `seconds` after the request was received. The time
    in which a client sends its request does not count, nor that in which it reads an answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._limits = TimeLimits()

    async def run(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        """Call an endpoint. What it had begun in other threads goes on there."""
        started = perf_counter()
        limit = self._limits.of(self._seconds)
        begun = False

        async def receive_untimed() -> Message:
            limit.stop()
            message = await receive()
            if not begun:
                limit.restart()
            return message

        async def send_untimed(message: Message) -> None:
            nonlocal begun
            begun = True
            limit.stop()
            await send(message)

        try:
            with limit:
                await endpoint(scope, receive_untimed, send_untimed)
        except TimeoutError:
            if begun:
                raise
            reading = endpoint.method in READING
            await send_problem(Unavailable(NO_ANSWER if reading else UNKNOWN), scope, receive, send)
            metrics.observe_request(endpoint.method, endpoint.path, 503, perf_counter() - started)
