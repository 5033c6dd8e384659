"""PayPal's signatures: by its certificate, whose host and chain are checked, or by its API."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from zlib import crc32

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from oms_ledger.integrations.ports import (
    BadSignature,
    NoAnswer,
    VendorResponse,
    WebhookRequest,
)
from oms_ledger.testing.payment_gateways import PaymentCourse
from oms_ledger.testing.paypal.api import WEBHOOK_ID, PayPalStandIn
from oms_ledger.testing.paypal.http import StandInHttp
from tests.integrations.payments.benches import NOW, PayPalBench

NAME = "Test authority"
HOST = "messageverificationcerts.paypal.com"
CERT_URL = "https://api.paypal.com/v1/notifications/certs/CERT-1"
BODY = json.dumps(
    {
        "id": "WH-7",
        "event_type": "PAYMENT.CAPTURE.COMPLETED",
        "create_time": "2026-03-01T12:00:00Z",
        "resource": {"id": "CAP1"},
    }
).encode()


class CertificateIssuer:
    """Signs certificates as an authority that the machine trusts."""

    def __init__(self) -> None:
        self.key = generate_private_key(65537, 2048)
        self.certificate = _certificate(NAME, self.key, self.key, None)

    def issue(self, key: RSAPrivateKey, host: str, *, days: int = 30) -> x509.Certificate:
        return _certificate(host, key, self.key, host, days)


def _certificate(
    name: str,
    key: RSAPrivateKey,
    issuer_key: RSAPrivateKey,
    host: str | None,
    days: int = 30,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=host is not None,
        key_cert_sign=host is None,
        crl_sign=host is None,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(NAME))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if host is not None:
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(names, critical=False).add_extension(server, critical=False)
    return builder.sign(issuer_key, SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Certified(StandInHttp):
    """PayPal's API, and its host of certificates."""

    pem = b""
    fetched = 0

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> VendorResponse:
        if "certs" not in url:
            return super().send(method, url, headers=headers, body=body)
        type(self).fetched += 1
        if not self.pem:
            raise NoAnswer("unreachable")
        return VendorResponse(200, {}, self.pem)


@pytest.fixture(scope="module")
def authority() -> CertificateIssuer:
    return CertificateIssuer()


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
def bench(
    authority: CertificateIssuer,
    key: RSAPrivateKey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> PayPalBench:
    """One that trusts the authority, and fetches a good certificate."""
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setattr(Certified, "pem", pem(authority.issue(key, HOST)))
    monkeypatch.setattr(Certified, "fetched", 0)
    return PayPalBench(http=Certified, options={"webhook_verification": "certificate"})


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def signed(key: RSAPrivateKey, body: bytes = BODY, **changes: str) -> WebhookRequest:
    headers = {
        "paypal-transmission-id": "T-1",
        "paypal-transmission-time": "2026-03-01T12:00:00Z",
        "paypal-cert-url": CERT_URL,
        "paypal-auth-algo": "SHA256withRSA",
    }
    text = f"T-1|2026-03-01T12:00:00Z|{WEBHOOK_ID}|{crc32(body)}"
    signature = key.sign(text.encode(), PKCS1v15(), SHA256())
    headers["paypal-transmission-sig"] = b64encode(signature).decode()
    return WebhookRequest({**headers, **changes}, body)


def test_signed_by_paypals_certificate(bench: PayPalBench, key: RSAPrivateKey) -> None:
    message = bench.gateway.verify(signed(key))
    assert (message.message_id, message.kind) == ("WH-7", "PAYMENT.CAPTURE.COMPLETED")
    bench.gateway.verify(signed(key))
    assert Certified.fetched == 1
    assert len(bench.stand_in.requests) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"paypal-cert-url": "https://paypal.com.evil.example/cert"},
        {"paypal-cert-url": "http://api.paypal.com/cert"},
        {"paypal-cert-url": "https://api.paypal.com:8443/cert"},
        {"paypal-cert-url": "https://api.paypal.com@evil.example/cert"},
        {"paypal-cert-url": "https://evilpaypal.com/cert"},
        {"paypal-cert-url": ""},
        {"paypal-auth-algo": "MD5withRSA"},
        {"paypal-transmission-sig": "AAAA"},
        {"paypal-transmission-sig": "not base64!"},
        {"paypal-transmission-id": "T-2"},
        {"paypal-transmission-time": "2026-03-01T12:00:01Z"},
    ],
)
def test_forged_headers(bench: PayPalBench, key: RSAPrivateKey, changes: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        bench.gateway.verify(signed(key, BODY, **changes))
    assert Certified.fetched <= 1
    assert len(bench.stand_in.requests) == 0, "a forged message is no reason to call PayPal"


def test_another_body_or_key(bench: PayPalBench, key: RSAPrivateKey) -> None:
    good = signed(key)
    for forged in (
        WebhookRequest(good.headers, BODY.replace(b"CAP1", b"CAP2")),
        signed(generate_private_key(65537, 2048)),
    ):
        with pytest.raises(BadSignature):
            bench.gateway.verify(forged)


def test_certificates_that_prove_nothing(
    bench: PayPalBench,
    authority: CertificateIssuer,
    key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of another host, of an authority that nobody trusts, past its time, or none at all."""
    stranger = CertificateIssuer()
    for chain in (
        pem(authority.issue(key, "www.evil.example")),
        pem(stranger.issue(key, HOST), stranger.certificate),
        pem(authority.issue(key, HOST, days=-1)),
        b"no certificate",
    ):
        monkeypatch.setattr(Certified, "pem", chain)
        with pytest.raises(BadSignature):
            bench.gateway.verify(signed(key))


def test_paypal_verifies_where_its_certificate_cannot_be_fetched(
    bench: PayPalBench, key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Certified, "pem", b"")
    stand_in: PayPalStandIn = bench.stand_in
    PaymentCourse(bench).authorised()
    event = stand_in.events[0]
    headers = event.headers()
    assert bench.gateway.verify(WebhookRequest(headers, event.body)).message_id == event.id
    with pytest.raises(BadSignature):
        bench.gateway.verify(WebhookRequest(headers, event.body.replace(b"GBP", b"EUR")))
