"""A root key in AWS KMS. Credentials come from boto3's usual sources: the environment, a profile,
or the role of the machine or container."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from oms_ledger.domain.errors import Refused
from oms_ledger.privacy.keks.remote import (
    CALL_SECONDS,
    CONNECT_SECONDS,
    RemoteKeyFailed,
    UnwrapRefused,
)

ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+")

ATTEMPTS = 2

UNWRAP_REFUSED = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})

REMEDIES = {
    "AccessDeniedException": "allow kms:Encrypt and kms:Decrypt on this key, for this ledger",
    "NotFoundException": "there is no such key in this account and region",
    "DisabledException": "enable the key",
    "KMSInvalidStateException": "enable the key, or cancel its deletion",
    "InvalidKeyUsageException": "it must be a symmetric key to encrypt and decrypt with",
    "UnrecognizedClientException": "the credentials are not valid",
    "ExpiredTokenException": "the credentials have expired",
}


def root_key(arn: str, ledger: str) -> AwsKmsKey:
    """The key of this ARN, for this ledger; `Refused` if it is not the ARN of a key."""
    match = ARN.fullmatch(arn)
    if match is None:
        raise Refused(
            "OMS_KEK: after aws-kms: write the ARN of the key itself,"
            " arn:aws:kms:REGION:ACCOUNT:key/ID. An alias may come to mean another key, and what"
            " this one wrapped would be lost.",
            code="wrong_kek",
        )
    return AwsKmsKey(arn, match["region"], ledger)


class AwsKmsKey:
    """A symmetric KMS key. Ciphertexts are bound to the ledger by the encryption context, which key
    policies and CloudTrail can name too."""

    def __init__(self, arn: str, region: str, ledger: str) -> None:
        self._arn = arn
        self._region = region
        self._context = {"application": "oms-ledger", "ledger": ledger}

    @property
    def name(self) -> str:
        return f"aws-kms:{self._arn}"

    def wrap(self, key: bytes) -> bytes:
        return self._call("encrypt", "CiphertextBlob", Plaintext=key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._call("decrypt", "Plaintext", CiphertextBlob=wrapped)

    def _call(self, action: str, field: str, **fields: bytes) -> bytes:
        client = self._client  # first: its error names the remedy if boto3 is missing
        from botocore.exceptions import (  # type: ignore[import-untyped]  # the library has no types
            BotoCoreError,
            ClientError,
        )

        try:
            call = getattr(client, action)
            answer = call(KeyId=self._arn, EncryptionContext=self._context, **fields)
        except ClientError as error:
            raise _failure(str(error.response["Error"]["Code"])) from None
        except BotoCoreError as error:
            raise RemoteKeyFailed(f"AWS KMS cannot be asked ({type(error).__name__})") from None
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


def _failure(code: str) -> Exception:
    if code in UNWRAP_REFUSED:
        return UnwrapRefused(code)
    remedy = REMEDIES.get(code)
    return RemoteKeyFailed(f"AWS KMS says {code}" + (f" ({remedy})" if remedy else ""))
