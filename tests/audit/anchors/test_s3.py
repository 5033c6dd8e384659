"""Checkpoints kept in a bucket of S3, with signed requests, and read back."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from oms_ledger.audit.anchors import s3
from oms_ledger.audit.anchors.s3 import S3Bucket, spread
from oms_ledger.audit.anchors.schedule import anchor_store
from oms_ledger.audit.anchors.store import AnchorStore, ReadableAnchorStore
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.tree.notes import checkpoint as sign_checkpoint
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.domain.errors import Invalid, Refused, Unavailable
from tests.audit.anchors.s3_store import Store, s3_store, use
from tests.audit.ledger import Audited, kinds
from tests.audit.verify.test_tree import cut_all

KEY = SigningKey.generate("oms-ledger/main/test")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def amazon() -> Iterator[Store]:
    with s3_store() as store:
        yield store


@pytest.fixture
def store(amazon: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The bucket empty, and in the environment the credentials of who may write to it."""
    for key in amazon.objects():
        amazon.admin.delete_object(Bucket="evidence", Key=key)
    use(monkeypatch, amazon.environment)
    return amazon


def sealed(size: int, root: bytes = b"r" * 32) -> StoredCheckpoint:
    note = sign_checkpoint(KEY.name, size, root, KEY)
    return StoredCheckpoint(size, size, root, note, datetime(2026, 1, 1, tzinfo=UTC))


def keep(where: AnchorStore, *checkpoints: StoredCheckpoint) -> None:
    for each in checkpoints:
        assert where.keep(each, UNUSED) == each.note


class _Unused(Prover):
    """A prover that is never called: a bucket requires no proof."""

    def __init__(self) -> None: ...


UNUSED = _Unused()


def test_each_checkpoint_is_an_object_of_its_own(store: Store) -> None:
    keep(anchor_store(store.place()), sealed(7), sealed(12), sealed(12))
    assert store.objects() == {
        "ledger/000000000007.checkpoint": sealed(7).note.encode(),
        "ledger/000000000012.checkpoint": sealed(12).note.encode(),
    }


def test_without_a_prefix_they_are_at_the_top(store: Store) -> None:
    for rest in ("", "/"):
        keep(anchor_store(store.place(rest)), sealed(7))
    assert set(store.objects()) == {"000000000007.checkpoint"}


def test_what_is_there_is_never_written_over(store: Store) -> None:
    where = anchor_store(store.place())
    keep(where, sealed(7))
    with pytest.raises(Refused, match=r"s3://evidence/ledger/000000000007\.checkpoint holds a"):
        keep(where, sealed(7, b"x" * 32))
    store.put("ledger/000000000009.checkpoint", b"no checkpoint at all")
    with pytest.raises(Refused, match="another history"):
        keep(where, sealed(9))
    assert store.body("ledger/000000000007.checkpoint") == sealed(7).note.encode()
    assert store.body("ledger/000000000009.checkpoint") == b"no checkpoint at all"


def test_they_are_read_back(store: Store) -> None:
    where = anchor_store(store.place())
    keep(where, sealed(12), sealed(7))
    keep(anchor_store(store.place("/other")), sealed(8))
    store.put("ledger/notes.txt", b"not one of ours")
    store.put("ledger/deeper/000000000001.checkpoint", b"nor is this")
    assert isinstance(where, ReadableAnchorStore)
    assert [anchor.note for anchor in where.anchors()] == [sealed(7).note, sealed(12).note]


def test_of_very_many_some_are_read_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    where = anchor_store(store.place())
    keep(where, *(sealed(size) for size in range(1, 8)))
    monkeypatch.setattr(s3, "READ_AT_MOST", 3)
    assert isinstance(where, ReadableAnchorStore)
    assert [a.note for a in where.anchors()] == [sealed(size).note for size in (1, 4, 7)]
    assert spread([str(n) for n in range(100_000)], 1000)[-1] == "99999"
    assert len(set(spread([str(n) for n in range(1001)], 1000))) == 1000


def test_a_tail_that_was_cut_off_shows_against_the_bucket(ledger: Audited, store: Store) -> None:
    where = S3Bucket.parse(store.place())
    for _ in range(2):
        ledger.sealed(300)
        where.keep(ledger.newest(), Prover(ledger.store))
    assert ledger.verify(*where.anchors()).ok
    with ledger.superuser() as owner:
        cut_all(owner, ledger, 300)
    assert kinds(ledger.verify(*where.anchors())) == [("truncated_tail", 301, 600)]


def test_a_signature_of_another_secret_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which also shows that the store checks them."""
    use(monkeypatch, {**store.environment, "AWS_SECRET_ACCESS_KEY": "another"})
    with pytest.raises(Unavailable, match=r"SignatureDoesNotMatch.*correct AWS_SECRET_ACCESS_KEY"):
        keep(anchor_store(store.place()), sealed(7))
    assert store.objects() == {}


def test_what_is_wrong_is_named_with_what_to_do(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unavailable, match=r"s3://nowhere/ledger .* NoSuchBucket.*make it"):
        keep(anchor_store(store.place(bucket="nowhere")), sealed(7))
    use(monkeypatch, {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "x"})
    with pytest.raises(Unavailable, match=r"InvalidAccessKeyId.*correct AWS_ACCESS_KEY_ID"):
        keep(anchor_store(store.place()), sealed(7))
    use(monkeypatch, {})
    with pytest.raises(Unavailable, match=r"NoCredentialsError.*or AWS_PROFILE, or give"):
        keep(anchor_store(store.place()), sealed(7))
    use(monkeypatch, store.new_user("s3:GetObject"))
    with pytest.raises(Unavailable, match=r"AccessDenied.*Allow these credentials s3:PutObject"):
        keep(anchor_store(store.place()), sealed(7))
    with pytest.raises(Unavailable, match=r"does not list the checkpoints: AccessDenied"):
        S3Bucket.parse(store.place()).anchors()
    use(monkeypatch, store.environment)
    with pytest.raises(Unavailable, match=r"EndpointConnectionError.*its endpoint right"):
        keep(
            anchor_store("s3://evidence/x?endpoint=http://127.0.0.1:9&region=eu-west-2"), sealed(7)
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3://", "Write s3://BUCKET/PREFIX"),
        ("s3://Evidence/x", "Write s3://BUCKET/PREFIX"),
        ("s3://evidence/x#y", "Write s3://BUCKET/PREFIX"),
        ("s3://evidence/x?secret=y", "Write s3://BUCKET/PREFIX"),
        ("s3://evidence/x?endpoint=minio:9000", "https://HOST"),
        ("s3://AKIA1:hush@evidence/x", "holds no credentials"),
    ],
)
def test_an_invalid_place_is_refused_and_not_repeated(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=message) as refused:
        anchor_store(text)
    assert text.removeprefix("s3://") == "" or text not in refused.value.detail
    assert "hush" not in refused.value.detail


def test_without_boto3_the_error_names_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Invalid, match=r"pip install 'oms-ledger\[aws\]'"):
        anchor_store("s3://evidence/ledger")
