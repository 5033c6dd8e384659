"""Ways to the stand-in: without a socket, and as a web server of its own.

`python -m oms_ledger.testing.paypal.http --port 8421` serves it. `POST /stand-in/approve/<order>`
is what a buyer does, `GET /stand-in/books` what it has, `GET /stand-in/events` what it would send
to a webhook, `POST /stand-in/faults` takes a JSON list of faults.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from oms_ledger.integrations.ports import NoAnswer, VendorResponse
from oms_ledger.testing.paypal.api import BrokenConnection, PayPalStandIn, StandInAnswer
from oms_ledger.testing.paypal.books import PayPalBooks, StandInRefused


@dataclass(frozen=True, slots=True)
class StandInHttp:
    """A `VendorHttp` that calls the stand-in within the process."""

    stand_in: PayPalStandIn

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> VendorResponse:
        try:
            answer = self.stand_in.answer(method, url, headers or {}, body)
        except BrokenConnection:
            raise NoAnswer("broken_connection") from None
        return VendorResponse(answer.status, answer.headers, answer.body)


class StandInHandler(BaseHTTPRequestHandler):
    """A request to the stand-in over HTTP."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # an answer in one piece, which no delayed acknowledgement holds up

    def __init__(self, stand_in: PayPalStandIn, *args: object) -> None:
        self._stand_in = stand_in
        super().__init__(*args)  # type: ignore[arg-type]  # as the server passes them

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""

    def _serve(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:  # the client has died amid its request
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = self._of_its_own(body) or self._stand_in.answer(
                self.command, self.path, headers, body
            )
        except BrokenConnection:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _of_its_own(self, body: bytes) -> StandInAnswer | None:
        """What a buyer, or a test, does with the stand-in; None for PayPal's own paths."""
        if not self.path.startswith("/stand-in/"):
            return None
        action, _, order_id = self.path.removeprefix("/stand-in/").partition("/")
        if action == "approve":
            try:
                self._stand_in.approve(order_id)
            except StandInRefused as error:
                return StandInAnswer(error.status, json.dumps({"issue": error.issue}).encode())
            return StandInAnswer(200, b"{}")
        if action == "faults":
            self._stand_in.faults.extend(json.loads(body))
            return StandInAnswer(200, b"{}")
        if action == "events":
            events = [[each.body.decode(), each.headers()] for each in self._stand_in.events]
            return StandInAnswer(200, json.dumps(events).encode())
        return StandInAnswer(200, json.dumps(self._stand_in.books.totals()).encode())


class StandInServer(ThreadingHTTPServer):
    """The stand-in on a port of this machine; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, stand_in: PayPalStandIn, port: int = 0) -> None:
        self.stand_in = stand_in
        super().__init__(("127.0.0.1", port), partial(StandInHandler, stand_in))

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone away is no error."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A stand-in for PayPal that keeps books.")
    parser.add_argument("--port", type=int, default=8421)
    parser.add_argument("--forgetful", action="store_true", help="do twice what is sent twice")
    parser.add_argument("--lenient", action="store_true", help="refuse nothing that is too much")
    chosen = parser.parse_args(arguments)
    stand_in = PayPalStandIn(
        PayPalBooks(lenient=chosen.lenient),
        base_url=f"http://127.0.0.1:{chosen.port}",
        forgetful=chosen.forgetful,
    )
    with StandInServer(stand_in, chosen.port) as server:
        print(f"ready {server.url}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
