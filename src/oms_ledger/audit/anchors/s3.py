"""Checkpoints kept in a bucket of Amazon S3, or of a compatible store (MinIO, Ceph, R2).

boto3 signs the requests (AWS Signature Version 4) and finds the credentials in its usual places:
the environment, a profile, the role of the machine or container. They are never part of a URL.
"""

from __future__ import annotations

import base64
import importlib.util
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from oms_ledger.audit.anchors.store import check_same_history, object_name
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.domain.errors import Invalid, OmsError, Unavailable

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
ATTEMPTS = 2

URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[^?#]*))?(?:\?(?P<query>[^#]*))?"
)
CHECKPOINT_NAME = re.compile(r"\d{12}\.checkpoint")

READ_AT_MOST = 1000
"""The most checkpoints that are read back (a year makes half a million). They are spread evenly,
with the oldest and the newest among them."""

READER_THREADS = 8

ALREADY_EXISTS = ("PreconditionFailed", "ConditionalRequestConflict")

REMEDIES = {
    "NoSuchBucket": "There is no such bucket there: make it, or correct its name.",
    "AccessDenied": "Allow these credentials s3:PutObject and s3:GetObject below the prefix, and,"
    " to verify, s3:ListBucket.",
    "InvalidAccessKeyId": "The store does not know this access key: correct AWS_ACCESS_KEY_ID.",
    "SignatureDoesNotMatch": "The secret key is not that of the access key: correct"
    " AWS_SECRET_ACCESS_KEY.",
    "ExpiredToken": "The credentials have expired: renew them.",
    "RequestTimeTooSkewed": "The clock of this machine is wrong: set it.",
    "PermanentRedirect": "The bucket is in another region: name it, ?region=REGION.",
    "AuthorizationHeaderMalformed": "The bucket is in another region: name it, ?region=REGION.",
    "NoCredentialsError": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give"
    " this machine a role.",
    "PartialCredentialsError": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY together.",
    "EndpointConnectionError": "Does the store run, and is its endpoint right?",
}
"""What to do, by the error code of the store or the exception class of boto3."""


class S3Bucket:
    """Puts each checkpoint under a name of its own, `PREFIX/<size>.checkpoint`, the size in twelve
    digits. An existing object is never overwritten."""

    def __init__(
        self, bucket: str, prefix: str = "", endpoint: str | None = None, region: str | None = None
    ) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.endpoint = endpoint
        self.region = region

    @classmethod
    def parse(cls, text: str) -> S3Bucket:
        """`s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION`; all but the bucket may be left
        out. `Invalid` where it is malformed; the message does not repeat the text, which may hold
        a secret."""
        if "@" in text.removeprefix("s3://").partition("/")[0]:
            raise Invalid(f"An s3:// place holds no credentials. {REMEDIES['NoCredentialsError']}")
        match = URL.fullmatch(text)
        options = dict(parse_qsl(match["query"] or "", keep_blank_values=True)) if match else {}
        endpoint, region = options.pop("endpoint", None), options.pop("region", None)
        if match is None or options:
            raise Invalid(
                "This is no place in S3. Write s3://BUCKET/PREFIX, and where the store is not"
                " Amazon's, ?endpoint=https://HOST behind it; &region=REGION if it asks for one."
            )
        if endpoint is not None and not endpoint.startswith(("https://", "http://")):
            raise Invalid("endpoint= of an s3:// place is the store's address, https://HOST.")
        if importlib.util.find_spec("boto3") is None:
            raise Invalid("An s3:// place needs boto3. Run: pip install 'oms-ledger[aws]'")
        return cls(match["bucket"], match["prefix"] or "", endpoint, region)

    @property
    def name(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def keep(self, checkpoint: StoredCheckpoint, prover: Prover) -> str:
        note = checkpoint.note.encode()
        with self._errors_named("keep a checkpoint"):
            try:
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=self.prefix + object_name(checkpoint.size),
                    Body=note,
                    ContentType="text/plain; charset=utf-8",
                    # A bucket with object lock requires the checksum of every object.
                    ChecksumSHA256=base64.b64encode(sha256(note).digest()).decode(),
                    IfNoneMatch="*",
                )
                return checkpoint.note
            except Exception as error:
                if _code(error) not in ALREADY_EXISTS:
                    raise
        check_same_history(self.fetch(checkpoint.size), checkpoint)
        return checkpoint.note

    def fetch(self, size: int) -> Anchor:
        """The checkpoint of this size. `Unavailable` where there is none."""
        key = self.prefix + object_name(size)
        return Anchor(f"s3://{self.bucket}/{key}", self._read(key))

    def anchors(self) -> list[Anchor]:
        """The checkpoints in the bucket, at most READ_AT_MOST of them."""
        with self._errors_named("list the checkpoints"):
            names = list(self._names())
        with ThreadPoolExecutor(READER_THREADS) as readers:
            notes = list(readers.map(self._read, spread(names, READ_AT_MOST)))
        return [Anchor(self.name, note) for note in notes]

    def _names(self) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
            for each in page.get("Contents", ()):
                if CHECKPOINT_NAME.fullmatch(each["Key"].removeprefix(self.prefix)):
                    yield each["Key"]

    def _read(self, key: str) -> str:
        with self._errors_named("read a checkpoint"):
            body: bytes = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            return body.decode("utf-8")

    @contextmanager
    def _errors_named(self, action: str) -> Iterator[None]:
        """Raise errors of the store and of boto3 as `Unavailable`, with the remedy."""
        try:
            yield
        except OmsError:
            raise
        except Exception as error:
            code = _code(error)
            remedy = REMEDIES.get(code, "")
            raise Unavailable(f"{self.name} does not {action}: {code}. {remedy}".strip()) from error

    @cached_property
    def _client(self) -> Any:
        import boto3  # type: ignore[import-untyped]  # the library has no types
        from botocore.config import Config  # type: ignore[import-untyped]  # nor has this

        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            # boto3's own checksums are unknown to some stores. put_object names a SHA-256 instead,
            # and the signature covers the body.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"payload_signing_enabled": True},
        )
        return boto3.session.Session().client(
            "s3", endpoint_url=self.endpoint, region_name=self.region, config=config
        )


def spread(names: list[str], most: int) -> list[str]:
    """At most `most` of the names, spread evenly, with the first and the last."""
    if len(names) <= most:
        return names
    return [names[n * (len(names) - 1) // (most - 1)] for n in range(most)]


def _code(error: Exception) -> str:
    """The error code of the store where it answered, otherwise the class of boto3's exception."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        return str(response.get("Error", {}).get("Code", type(error).__name__))
    return type(error).__name__
