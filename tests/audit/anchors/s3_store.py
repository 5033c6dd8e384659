"""An S3 that answers on a real port of this machine and checks every signature (moto's server)."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import boto3  # type: ignore[import-untyped]  # the library has no types
import pytest

BUCKET = "evidence"
REGION = "eu-west-2"

ALLOWED = ("s3:PutObject", "s3:GetObject", "s3:ListBucket")


@dataclass(frozen=True, slots=True)
class Store:
    """`environment` has the credentials of a user with exactly the rights that an anchor needs."""

    url: str
    environment: dict[str, str]
    admin: Any

    def place(self, rest: str = "/ledger", bucket: str = BUCKET) -> str:
        """Such a place, as it is written in a setting."""
        return f"s3://{bucket}{rest}?endpoint={self.url}&region={REGION}"

    def objects(self) -> dict[str, bytes]:
        """All there is in the bucket."""
        listed = self.admin.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {each["Key"]: self.body(each["Key"]) for each in listed}

    def body(self, key: str) -> bytes:
        body: bytes = self.admin.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def put(self, key: str, body: bytes) -> None:
        self.admin.put_object(Bucket=BUCKET, Key=key, Body=body)

    def new_user(self, *actions: str) -> dict[str, str]:
        """Environment variables with the credentials of a new user that has this policy."""
        self.check_signatures("inf")
        try:
            return _user(self.url, "-".join(actions).replace(":", "."), actions)
        finally:
            self.check_signatures("0")

    def check_signatures(self, after: str) -> None:
        """From the request of this number on."""
        _post(self.url, "reset-auth", after)


@contextmanager
def s3_store() -> Generator[Store]:
    from moto.server import ThreadedMotoServer  # takes long, for slow tests alone

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        admin = _client("s3", url, _user(url, "admin", ["s3:*"]))
        admin.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        store = Store(url, _user(url, "anchor", ALLOWED), admin)
        store.check_signatures("0")
        yield store
    finally:
        _post(url, "reset-auth", "inf")
        _post(url, "reset", "")
        server.stop()


def use(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """From here on nobody but who these credentials are of."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def _user(url: str, name: str, actions: list[str] | tuple[str, ...]) -> dict[str, str]:
    iam = _client("iam", url, {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"})
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def _client(service: str, url: str, credentials: dict[str, str]) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
    )


def _post(url: str, what: str, body: str) -> None:
    plain = {"Content-Type": "text/plain"}
    urlopen(Request(f"{url}/moto-api/{what}", body.encode(), plain, method="POST")).close()
