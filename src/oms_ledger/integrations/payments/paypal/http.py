"""JSON requests to PayPal, with its access token."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from oms_ledger.integrations import vendor_json
from oms_ledger.integrations.client import retry_after_seconds
from oms_ledger.integrations.ports import (
    AmountNotPossible,
    NoAnswer,
    Unknown,
    VendorAccount,
    VendorRefused,
    VendorResponse,
)

T = TypeVar("T")

TOKEN_MARGIN = timedelta(seconds=60)
"""An access token is not used in the last minute of its life."""


class Token(msgspec.Struct):
    access_token: str
    expires_in: int


class Issue(msgspec.Struct):
    issue: str
    description: str = ""


class Problem(msgspec.Struct):
    """An error as PayPal answers it. `details` say more than `name`."""

    name: str = ""
    message: str = ""
    details: list[Issue] = []


class CallRefused(Exception):
    """PayPal refused a request, and will refuse it again. `code` is its `issue`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


class PayPalHttp:
    def __init__(self, account: VendorAccount) -> None:
        self._account = account
        self._token: tuple[str, datetime] | None = None

    def get(self, path: str, kind: type[T]) -> T:
        return self._read(self._send("GET", path, None, None), kind)

    def post(self, path: str, body: object, kind: type[T], request_id: str | None = None) -> T:
        """`request_id` makes the request safe to repeat: PayPal answers as it did before."""
        return self._read(self._send("POST", path, body, request_id), kind)

    def post_bare(self, path: str, request_id: str) -> None:
        """A request without a body, whose answer has none that matters."""
        self._send("POST", path, None, request_id)

    def _send(self, method: str, path: str, body: object, request_id: str | None) -> VendorResponse:
        """A token that is refused was not good for anything, so that one new one is tried."""
        content = b"" if body is None else msgspec.json.encode(body)
        response = self._with_token(method, path, content, request_id)
        if response.status == 401:
            self._token = None
            response = self._with_token(method, path, content, request_id)
        if response.status >= 400:
            raise _error(response, self._account.now())
        return response

    def _with_token(
        self, method: str, path: str, body: bytes, request_id: str | None
    ) -> VendorResponse:
        headers = {"authorization": f"Bearer {self._access_token()}"}
        if method == "POST":
            headers |= {"content-type": "application/json", "prefer": "return=representation"}
        if request_id is not None:
            headers["paypal-request-id"] = request_id
        return self._account.http.send(method, path, headers=headers, body=body)

    def _access_token(self) -> str:
        now = self._account.now()
        if self._token is None or self._token[1] <= now:
            self._token = self._new_token(now)
        return self._token[0]

    def _new_token(self, now: datetime) -> tuple[str, datetime]:
        secrets = self._account.secrets
        pair = b64encode(f"{secrets['client_id']}:{secrets['client_secret']}".encode()).decode()
        response = self._account.http.send(
            "POST",
            "/v1/oauth2/token",
            headers={
                "authorization": f"Basic {pair}",
                "content-type": "application/x-www-form-urlencoded",
            },
            body=b"grant_type=client_credentials",
        )
        if response.status != 200:
            raise NoAnswer("unauthorised" if response.status in (400, 401, 403) else "vendor_error")
        token = self._read(response, Token)
        return token.access_token, now + timedelta(seconds=token.expires_in) - TOKEN_MARGIN

    def _read(self, response: VendorResponse, kind: type[T]) -> T:
        try:
            return vendor_json.decode(response.body, kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NoAnswer("malformed_answer") from None


def _error(response: VendorResponse, now: datetime) -> NoAnswer | CallRefused:
    status = response.status
    if status in (401, 403):
        return NoAnswer("unauthorised")
    if status == 429:
        after = retry_after_seconds(response.headers.get("retry-after"), now)
        return NoAnswer("rate_limited", after)
    if status not in (400, 404, 422):  # 409: the same request is being done now
        return NoAnswer("vendor_error")
    try:
        problem = vendor_json.decode(response.body, Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return NoAnswer("malformed_answer")
    first = problem.details[0] if problem.details else Issue(problem.name, problem.message)
    return CallRefused(first.issue or "refused", first.description or problem.message)


def outcome(act: Callable[[], T]) -> T | VendorRefused | Unknown:
    """What calls came to. `ValueError` and `ArithmeticError` are of amounts in an answer that are
    none."""
    try:
        return act()
    except (NoAnswer, CallRefused) as error:
        return outcome_of(error)
    except AmountNotPossible as error:
        return VendorRefused("amount_not_possible", str(error))
    except (ValueError, ArithmeticError):
        return Unknown("malformed_answer")


def outcome_of(error: NoAnswer | CallRefused) -> VendorRefused | Unknown:
    if isinstance(error, CallRefused):
        return VendorRefused(error.code, error.text)
    return Unknown(error.code, error.retry_seconds)
