"""PayPal's webhooks: their signatures, by PayPal's certificate or by PayPal's API."""

from __future__ import annotations

import ssl
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit
from zlib import crc32

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from oms_ledger.integrations import vendor_json
from oms_ledger.integrations.payments.paypal.translate import PayPalLink
from oms_ledger.integrations.ports import (
    BadSignature,
    NoAnswer,
    VendorAccount,
    WebhookMessage,
    WebhookRequest,
)

ORDER_KINDS = frozenset({"CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED"})
PAYMENT_KINDS = frozenset(
    {
        "PAYMENT.AUTHORIZATION.CREATED",
        "PAYMENT.AUTHORIZATION.VOIDED",
        "PAYMENT.CAPTURE.COMPLETED",
        "PAYMENT.CAPTURE.DECLINED",
        "PAYMENT.CAPTURE.DENIED",
        "PAYMENT.CAPTURE.REFUNDED",
        "PAYMENT.CAPTURE.REVERSED",
        "PAYMENT.REFUND.FAILED",
    }
)
DISPUTE_KINDS = frozenset(
    {"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED"}
)
KINDS = ORDER_KINDS | PAYMENT_KINDS | DISPUTE_KINDS
"""The events to switch on at PayPal. Others are taken, and say nothing about payments."""

SIGNED_BY = "paypal.com"
ALGORITHM = "SHA256withRSA"


class PayPalEvent(msgspec.Struct):
    id: str
    event_type: str
    create_time: datetime
    resource: msgspec.Raw


class EventList(msgspec.Struct):
    events: list[msgspec.Raw] = []
    links: list[PayPalLink] = []


class Transmission(msgspec.Struct):
    """The headers of a webhook."""

    transmission_id: str
    transmission_time: str
    transmission_sig: str
    cert_url: str
    auth_algo: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Transmission:
        """`BadSignature` where one of them is missing."""
        try:
            return cls(
                headers["paypal-transmission-id"],
                headers["paypal-transmission-time"],
                headers["paypal-transmission-sig"],
                headers["paypal-cert-url"],
                headers["paypal-auth-algo"],
            )
        except KeyError:
            raise BadSignature from None

    def signed(self, webhook_id: str, body: bytes) -> bytes:
        parts = (self.transmission_id, self.transmission_time, webhook_id, str(crc32(body)))
        return "|".join(parts).encode()


class Signatures:
    """Verifies webhooks of one connection. `by_api` has PayPal verify one, for its answer."""

    def __init__(self, account: VendorAccount, by_api: Callable[[bytes], bool]) -> None:
        self._account = account
        self._webhook_id = account.options["webhook_id"]
        self._always_by_api = account.options.get("webhook_verification") == "api"
        self._by_api = by_api
        self._keys: dict[str, tuple[RSAPublicKey, datetime]] = {}

    def verify(self, request: WebhookRequest) -> WebhookMessage:
        transmission = Transmission.of(request.headers)
        if self._always_by_api:
            self._verify_by_api(transmission, request.body)
        else:
            self._verify_by_certificate(transmission, request.body)
        try:
            event = vendor_json.decode(request.body, PayPalEvent)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BadSignature from None
        return WebhookMessage(event.id, event.event_type, request.body)

    def _verify_by_certificate(self, transmission: Transmission, body: bytes) -> None:
        """Where PayPal's certificate cannot be fetched, PayPal is called to verify it."""
        check_address(transmission.cert_url)
        if transmission.auth_algo != ALGORITHM:
            raise BadSignature
        try:
            key = self._key(transmission.cert_url)
        except NoAnswer:
            self._verify_by_api(transmission, body)
            return
        try:
            signature = b64decode(transmission.transmission_sig, validate=True)
            key.verify(signature, transmission.signed(self._webhook_id, body), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            raise BadSignature from None

    def _key(self, url: str) -> RSAPublicKey:
        now = self._account.now()
        kept = self._keys.get(url)
        if kept is None or kept[1] <= now:
            response = self._account.http.send("GET", url)
            if response.status != 200:
                raise NoAnswer("vendor_error")
            certificate = trusted_certificate(response.body, now)
            key = certificate.public_key()
            if not isinstance(key, RSAPublicKey):
                raise BadSignature
            kept = self._keys[url] = (key, certificate.not_valid_after_utc)
        return kept[0]

    def _verify_by_api(self, transmission: Transmission, body: bytes) -> None:
        """The event goes back as the bytes that came: written anew, its signature is another."""
        if not _is_json(body):
            raise BadSignature
        head = msgspec.json.encode(transmission)[:-1]
        webhook = msgspec.json.encode(self._webhook_id)
        whole = head + b',"webhook_id":' + webhook + b',"webhook_event":' + body + b"}"
        if not self._by_api(whole):
            raise BadSignature


def check_address(url: str) -> None:
    """`BadSignature` unless it is an https address at PayPal: it comes from outside, and a
    certificate from anywhere else would prove nothing."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadSignature from None
    host = (parts.hostname or "").lower()
    at_paypal = host == SIGNED_BY or host.endswith(f".{SIGNED_BY}")
    if parts.scheme != "https" or not at_paypal or port not in (None, 443) or "@" in parts.netloc:
        raise BadSignature


def trusted_certificate(pem: bytes, now: datetime) -> x509.Certificate:
    """The first certificate, where it is PayPal's for messages, is valid now, and the others lead
    to an authority that this machine trusts (or the file named by SSL_CERT_FILE)."""
    try:
        chain = x509.load_pem_x509_certificates(pem)
        policy = PolicyBuilder().store(Store(_authorities())).time(now)
        verifier = policy.build_server_verifier(x509.DNSName(_host_of(chain[0])))
        verifier.verify(chain[0], chain[1:])
    except (ValueError, VerificationError, x509.ExtensionNotFound):
        raise BadSignature from None
    return chain[0]


def _host_of(certificate: x509.Certificate) -> str:
    """PayPal's name in a certificate (another one for its sandbox). `BadSignature` where it is for
    other hosts."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = (name.lower() for name in names.get_values_for_type(x509.DNSName))
    host = next((each for each in hosts if each.endswith(f".{SIGNED_BY}")), None)
    if host is None:
        raise BadSignature
    return host


def _authorities() -> list[x509.Certificate]:
    trusted = ssl.create_default_context().get_ca_certs(binary_form=True)
    return [x509.load_der_x509_certificate(each) for each in trusted]


def _is_json(body: bytes) -> bool:
    try:
        vendor_json.decode(body, dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
