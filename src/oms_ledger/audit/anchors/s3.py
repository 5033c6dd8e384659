"""Checkpoints in a bucket of Amazon S3, or of a store that speaks as it does (MinIO, Ceph, R2).

boto3 signs the requests (AWS Signature Version 4) and finds the credentials where it always looks:
the environment, a profile, the machine's or the container's role. None are ever named here.
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

from oms_ledger.audit.anchors.stores import object_name, same_history
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.domain.errors import Invalid, OmsError, Unavailable

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
ATTEMPTS = 2

PLACE = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[^?#]*))?(?:\?(?P<query>[^#]*))?"
)
CHECKPOINT_NAME = re.compile(r"\d{12}\.checkpoint")

READ_AT_MOST = 1000
"""Checkpoints that are read back: in a year there are half a million. They are as far from each
other as can be, the oldest and the newest among them."""

READERS = 8
"""So many are fetched at a time; most of it is waiting."""

THERE_ALREADY = ("PreconditionFailed", "ConditionalRequestConflict")

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
"""What to do, by the store's own code or boto3's own error."""


class S3Bucket:
    """Puts each checkpoint under a name of its own, `PREFIX/<size>.checkpoint`, the size in twelve
    digits. An object that is there is never written over."""

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
        out. `Invalid` says what is wrong, and does not repeat it: it may hold a secret."""
        if "@" in text.removeprefix("s3://").partition("/")[0]:
            raise Invalid(f"An s3:// place holds no credentials. {REMEDIES['NoCredentialsError']}")
        match = PLACE.fullmatch(text)
        asked = dict(parse_qsl(match["query"] or "", keep_blank_values=True)) if match else {}
        endpoint, region = asked.pop("endpoint", None), asked.pop("region", None)
        if match is None or asked:
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
        with self._asking("keep a checkpoint"):
            try:
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=self.prefix + object_name(checkpoint.size),
                    Body=note,
                    ContentType="text/plain; charset=utf-8",
                    # Of every object in a bucket with object lock its sum must be said.
                    ChecksumSHA256=base64.b64encode(sha256(note).digest()).decode(),
                    IfNoneMatch="*",
                )
                return checkpoint.note
            except Exception as error:
                if _code(error) not in THERE_ALREADY:
                    raise
        same_history(self.fetch(checkpoint.size), checkpoint)
        return checkpoint.note

    def fetch(self, size: int) -> Anchor:
        """The checkpoint of this size that is kept there."""
        key = self.prefix + object_name(size)
        return Anchor(f"s3://{self.bucket}/{key}", self._read(key))

    def kept(self) -> list[Anchor]:
        """The checkpoints there, at most READ_AT_MOST of them."""
        with self._asking("list the checkpoints"):
            names = list(self._names())
        with ThreadPoolExecutor(READERS) as readers:
            notes = list(readers.map(self._read, spread(names, READ_AT_MOST)))
        return [Anchor(self.name, note) for note in notes]

    def _names(self) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
            for each in page.get("Contents", ()):
                if CHECKPOINT_NAME.fullmatch(each["Key"].removeprefix(self.prefix)):
                    yield each["Key"]

    def _read(self, key: str) -> str:
        with self._asking("read a checkpoint"):
            body: bytes = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            return body.decode("utf-8")

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """`Unavailable`, with what to do, for whatever the store or boto3 says."""
        try:
            yield
        except OmsError:
            raise
        except Exception as error:
            code = _code(error)
            remedy = REMEDIES.get(code, "")
            raise Unavailable(f"{self.name} does not {what}: {code}. {remedy}".strip()) from error

    @cached_property
    def _client(self) -> Any:
        import boto3  # type: ignore[import-untyped]  # the library has no types
        from botocore.config import Config  # type: ignore[import-untyped]  # nor has this

        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            # The sums that not every store knows are left out; ours is named with the object, and
            # the signature covers the body.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"payload_signing_enabled": True},
        )
        return boto3.session.Session().client(
            "s3", endpoint_url=self.endpoint, region_name=self.region, config=config
        )


def spread(names: list[str], most: int) -> list[str]:
    """At most so many of them, evenly, with the first and the last."""
    if len(names) <= most:
        return names
    return [names[n * (len(names) - 1) // (most - 1)] for n in range(most)]


def _code(error: Exception) -> str:
    """The store's own word where it answered, boto3's where it did not."""
    answer = getattr(error, "response", None)
    if isinstance(answer, Mapping):
        return str(answer.get("Error", {}).get("Code", type(error).__name__))
    return type(error).__name__
