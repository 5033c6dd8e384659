"""A key in AWS KMS. Credentials come from where boto3 always looks: the environment, a profile,
the machine's or the container's role."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from oms_ledger.domain.errors import Refused
from oms_ledger.privacy.keks.service import CALL_SECONDS, CONNECT_SECONDS, NotItsOwn, ServiceFailed

ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+")

ATTEMPTS = 2

NOT_ITS_OWN = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})

REMEDIES = {
    "AccessDeniedException": "allow kms:Encrypt and kms:Decrypt on this key, for this ledger",
    "NotFoundException": "there is no such key in this account and region",
    "DisabledException": "enable the key",
    "KMSInvalidStateException": "enable the key, or cancel its deletion",
    "InvalidKeyUsageException": "it must be a symmetric key to encrypt and decrypt with",
    "UnrecognizedClientException": "the credentials are not valid",
    "ExpiredTokenException": "the credentials have expired",
}


def service(arn: str, ledger: str) -> AwsKms:
    """The key of this ARN, for this ledger; `Refused` where that is no ARN of a key."""
    match = ARN.fullmatch(arn)
    if match is None:
        raise Refused(
            "OMS_KEK: after aws-kms: write the ARN of the key itself,"
            " arn:aws:kms:REGION:ACCOUNT:key/ID. An alias may come to mean another key, and what"
            " this one wrapped would be lost.",
            code="wrong_kek",
        )
    return AwsKms(arn, match["region"], ledger)


class AwsKms:
    """What is wrapped is bound to the ledger by its encryption context, which policies and the
    service's log can name too."""

    def __init__(self, arn: str, region: str, ledger: str) -> None:
        self._arn = arn
        self._region = region
        self._context = {"application": "oms-ledger", "ledger": ledger}

    @property
    def name(self) -> str:
        return f"aws-kms:{self._arn}"

    def wrap(self, key: bytes) -> bytes:
        return self._asked("encrypt", "CiphertextBlob", Plaintext=key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._asked("decrypt", "Plaintext", CiphertextBlob=wrapped)

    def _asked(self, what: str, field: str, **given: bytes) -> bytes:
        client = self._client  # first: it says what to do where the library is missing
        from botocore.exceptions import (  # type: ignore[import-untyped]  # the library has no types
            BotoCoreError,
            ClientError,
        )

        try:
            ask = getattr(client, what)
            answer = ask(KeyId=self._arn, EncryptionContext=self._context, **given)
        except ClientError as error:
            raise _said_no(str(error.response["Error"]["Code"])) from None
        except BotoCoreError as error:
            raise ServiceFailed(f"AWS KMS cannot be asked ({type(error).__name__})") from None
        return bytes(answer[field])

    @cached_property
    def _client(self) -> Any:
        try:
            import boto3  # type: ignore[import-untyped]  # the library has no types
            from botocore.config import Config  # type: ignore[import-untyped]  # nor here
        except ImportError:
            raise Refused(
                "OMS_KEK names a key in AWS KMS, for which boto3 is missing."
                " Run: pip install 'oms-ledger[aws]'",
                code="wrong_kek",
            ) from None
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=CALL_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        )
        return boto3.session.Session().client("kms", region_name=self._region, config=config)


def _said_no(code: str) -> Exception:
    if code in NOT_ITS_OWN:
        return NotItsOwn(code)
    remedy = REMEDIES.get(code)
    return ServiceFailed(f"AWS KMS says {code}" + (f" ({remedy})" if remedy else ""))
