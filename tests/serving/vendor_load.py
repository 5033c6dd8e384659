"""Load: a vendor that posts messages until it is stopped, and posts what was not answered again, as
vendors do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from stripe import WebhookSignature

from tests.serving.family import client, until

SECRET = "whsec_of_the_flood"
FORGED_EACH = 10
FORGED_MAX = 40
"""Fewer than are allowed to one address at once."""

AGAIN = (429, 503)
"""Answers after which a message is posted again."""

PAUSE_SECONDS = 0.1


@dataclass
class VendorLoad:
    """`answered` is the status of the answer to each message (`stored` or `known`), `bodies` what
    was posted, `repeated` the messages of which an answer was lost, `forged` those with a wrong
    signature."""

    url: str
    path: str
    bodies: dict[str, bytes] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    forged: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self, senders: int) -> Generator[None]:
        """Meanwhile messages come; at the end each of them was answered."""
        threads = [threading.Thread(target=self._send, args=(n,)) for n in range(senders)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()
        assert self.wrong == []

    def until_more(self, messages: int) -> None:
        enough = len(self.answered) + messages
        until(lambda: len(self.answered) >= enough or bool(self.wrong), "messages are taken in")
        assert self.wrong == []

    def _send(self, sender: int) -> None:
        number = 0
        with client(self.url, None) as http:
            while not self.stop.is_set() and not self.wrong:
                number += 1
                message_id = f"evt_{sender}_{number}"
                if number % FORGED_EACH == 0 and len(self.forged) < FORGED_MAX:
                    self._forge(http, f"{message_id}_forged")
                body = self.bodies[message_id] = _message(message_id)
                self._post_until_answered(http, message_id, body)

    def _post_until_answered(self, http: httpx.Client, message_id: str, body: bytes) -> None:
        while True:
            answer = self._post(http, body, SECRET)
            if answer is not None and answer.status_code == 200:
                self.answered[message_id] = answer.json()["status"]
                return
            if answer is not None and answer.status_code not in AGAIN:
                self.wrong.append(f"{message_id}: {answer.status_code} {answer.text}")
                return
            self.repeated.add(message_id)
            time.sleep(PAUSE_SECONDS)

    def _forge(self, http: httpx.Client, message_id: str) -> None:
        self.forged.append(message_id)
        answer = self._post(http, _message(message_id), "whsec_of_another")
        if answer is not None and answer.status_code not in (401, *AGAIN):
            self.wrong.append(f"{message_id}: {answer.status_code} {answer.text}")

    def _post(self, http: httpx.Client, body: bytes, secret: str) -> httpx.Response | None:
        """None where no answer came."""
        signature = WebhookSignature.generate_signature_header(body.decode(), secret)
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        try:
            return http.post(self.path, content=body, headers=headers)
        except httpx.TransportError:
            return None


def _message(message_id: str) -> bytes:
    about = {"id": f"pi_{message_id}", "object": "payment_intent", "description": "ü" * 300}
    content = {"id": message_id, "type": "news", "created": int(time.time())}
    return json.dumps({**content, "data": {"object": about}}, ensure_ascii=False).encode()
