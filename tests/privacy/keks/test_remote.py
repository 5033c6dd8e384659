"""Remote root keys: the same guarantees for each service, with one call in each process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from botocore.stub import Stubber  # type: ignore[import-untyped]  # the library has no types

from oms_ledger.domain.errors import OmsError, Refused, Unavailable
from oms_ledger.privacy.keks import aws, remote
from oms_ledger.privacy.keks.factory import key_wrapper
from oms_ledger.privacy.keks.local import Kek, KeyWrapper, LocalKeks, WrappedKey
from oms_ledger.privacy.keks.remote import RemoteKeks
from tests.databases import KEK
from tests.privacy.keks.services import Kms, OpenBao, Service, StandIn, bao, openbao
from tests.privacy.keks.transit import TOKEN

NO_FILE = Path("nowhere")
PEOPLE = [(f"k{n}", bytes([n]) * 32) for n in range(200)]
ANA = [("k1", b"a" * 32)]


@pytest.fixture(scope="module")
def real() -> Iterator[OpenBao]:
    program = bao()
    if program is None:
        pytest.skip("no OpenBao here; `make tools` brings one, OMS_TEST_BAO_BIN names one")
    with openbao(program) as running:
        yield running


SERVICES = [
    pytest.param("kms", marks=pytest.mark.slow),
    "stand-in",
    pytest.param("openbao", marks=pytest.mark.long),
]


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Each supported key service."""
    monkeypatch.setattr(remote, "BACKOFF_SECONDS", 0.0)
    if request.param == "openbao":
        monkeypatch.setenv("VAULT_TOKEN", TOKEN)
        running: OpenBao = request.getfixturevalue("real")
        yield running
        return
    own: Kms | StandIn = Kms(monkeypatch) if request.param == "kms" else StandIn(monkeypatch)
    yield own
    own.shut()


def process(*kek: str, ledger: str = "main") -> KeyWrapper:
    """The key wrapper of a process that has just started."""
    return key_wrapper(" ".join(kek), NO_FILE, ledger)


def refused(keks: KeyWrapper, *keys: WrappedKey) -> str:
    with pytest.raises(Refused) as error:
        keks.unwrap(keys)
    assert error.value.code == "wrong_kek"
    return error.value.detail


def test_what_one_process_wraps_another_unwraps(service: Service) -> None:
    wrapped = process(service.key).wrap(PEOPLE)
    assert [name for name, *_ in wrapped] == [name for name, _ in PEOPLE]
    assert process(service.key).unwrap(wrapped) == [key for _, key in PEOPLE]
    assert not [each for each, (_, key) in zip(wrapped, PEOPLE, strict=True) if key in each.wrapped]


def test_a_process_calls_the_service_once_for_any_number_of_people(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers: list[RemoteKeks] = []
    call = RemoteKeks._call

    def counted(own: RemoteKeks, how: Callable[[], bytes]) -> bytes:
        callers.append(own)
        return call(own, how)

    monkeypatch.setattr(RemoteKeks, "_call", counted)
    first, second = process(service.key), process(service.key)
    wrapped = [each for pair in PEOPLE for each in first.wrap([pair])]
    assert len(callers) == 1
    second.unwrap(wrapped)
    assert second.current() == first.current(), "what it has opened goes on wrapping"
    second.wrap(PEOPLE)
    assert len(callers) == 2


def test_a_key_is_bound_to_its_name_and_its_ledger(service: Service) -> None:
    (wrapped,) = process(service.key).wrap(ANA)
    assert "k2" in refused(process(service.key), wrapped._replace(name="k2"))
    assert "another name of the ledger" in refused(process(service.key, ledger="north"), wrapped)


def test_another_key_of_the_service_unwraps_nothing(service: Service) -> None:
    (wrapped,) = process(service.key).wrap(ANA)
    assert service.key in refused(process(service.other), wrapped)
    assert service.key in refused(process(service.other, KEK), wrapped)
    renamed = wrapped._replace(kek=wrapped.kek.replace(service.key, service.other))
    with pytest.raises(OmsError):  # moto says that access is denied, KMS that the key is wrong
        process(service.other).unwrap([renamed])


def test_what_was_changed_is_refused(service: Service) -> None:
    (wrapped,) = process(service.key).wrap(ANA)
    for at in (5, len(wrapped.wrapped) // 2, len(wrapped.wrapped) - 1):
        changed = bytearray(wrapped.wrapped)
        changed[at] ^= 1
        with pytest.raises(OmsError):
            process(service.key).unwrap([wrapped._replace(wrapped=bytes(changed))])
    with pytest.raises(OmsError):
        process(service.key).unwrap([wrapped._replace(wrapped=b"")])


def test_a_new_version_wraps_anew_and_opens_what_was(service: Service) -> None:
    keks = process(service.key)
    before = keks.wrap(ANA)
    service.rotate()
    keks.renew()
    after = keks.wrap(ANA)
    assert before[0].kek != after[0].kek == keks.current()
    for each in (keks, process(service.key)):
        assert each.unwrap([*before, *after]) == [b"a" * 32] * 2


def test_an_outage_is_reported_and_does_not_stop_processes_with_a_cached_key(
    service: Service,
) -> None:
    busy, new = process(service.key), process(service.key)
    wrapped = busy.wrap(PEOPLE)
    service.shut()
    try:
        assert busy.unwrap(busy.wrap(ANA)) == [b"a" * 32]
        with structlog.testing.capture_logs() as logs:
            for call in (lambda: new.unwrap(wrapped), lambda: new.wrap(ANA)):
                with pytest.raises(Unavailable, match="send the same again") as error:
                    call()
                assert error.value.retry_after_seconds > 0
        assert {each["event"] for each in logs} == {"key_service_failed"}
        assert not [secret for secret in (TOKEN, "testing-secret") if secret in repr(logs)]
    finally:
        service.open()
    assert new.unwrap(wrapped) == [key for _, key in PEOPLE]


def test_after_a_failure_the_service_is_left_alone_for_a_moment(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "BACKOFF_SECONDS", 60.0)
    keks = process(service.key)
    service.shut()
    with pytest.raises(Unavailable):
        keks.wrap(ANA)
    service.open()
    with pytest.raises(Unavailable, match="a moment ago"):
        keks.wrap(ANA)


def test_from_a_local_key_to_a_service_and_back(service: Service) -> None:
    local = process(KEK).wrap(ANA)
    both = process(service.key, KEK)
    assert both.unwrap(local) == [b"a" * 32]
    moved = both.wrap(ANA)
    assert moved[0].kek == both.current()
    assert process(KEK, service.key).unwrap([*local, *moved]) == [b"a" * 32] * 2
    assert service.key in refused(LocalKeks([Kek.of(b"o" * 32)]), *moved)
    (elsewhere,) = LocalKeks([Kek.of(b"o" * 32)]).wrap(ANA)
    assert "does not name" in refused(both, elsewhere)


def test_it_shows_no_secret(service: Service) -> None:
    keks = process(service.key)
    keks.wrap(ANA)
    shown = repr([keks, vars(keks)])
    assert not [each for each in (TOKEN, "testing-secret", "aaaa") if each in shown]


# What is particular to one of them.


@pytest.mark.parametrize(
    "word",
    [
        "aws-kms:", "aws-kms:alias/oms", "aws-kms:arn:aws:kms:eu-west-1:123456789012:alias/oms",
        "aws-kms:arn:aws:s3:::bucket", "vault-transit:", "vault-transit:https://v/transit/keys/k",
        "vault-transit:http://vault.example.com:8200/v1/transit/keys/k",
        "vault-transit:https://user:pw@vault/v1/transit/keys/k",
        "vault-transit:https://vault/v1/transit/encrypt/k",
        "vault-transit:http://localhost.example.com/v1/transit/keys/k",
        "vault-transit:https://vault/v1/transit/keys/k?x=1",
    ],
)  # fmt: skip
def test_a_name_that_names_no_key_is_refused_with_its_form(word: str) -> None:
    with pytest.raises(Refused, match="OMS_KEK") as error:
        process(word)
    assert "pw" not in error.value.detail


def test_without_the_library_the_error_names_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("boto3", "botocore.exceptions", "botocore.config"):
        monkeypatch.setitem(sys.modules, name, None)
    keks = process("aws-kms:arn:aws:kms:eu-west-1:123456789012:key/1")
    with pytest.raises(Refused, match=r"oms-ledger\[aws\]"):
        keks.current()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("DisabledException", "enable the key"),
        ("AccessDeniedException", "allow kms:Encrypt"),
        ("ThrottlingException", "ThrottlingException"),
    ],
)
def test_errors_of_kms_are_reported_with_a_remedy(
    code: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    kms = aws.root_key("arn:aws:kms:eu-west-1:123456789012:key/1", "main")
    with Stubber(kms._client) as answers:
        answers.add_client_error("encrypt", code)
        with pytest.raises(Unavailable, match=message):
            RemoteKeks(kms).wrap(ANA)


@pytest.mark.slow
def test_no_credentials_and_no_such_key(monkeypatch: pytest.MonkeyPatch) -> None:
    kms = Kms(monkeypatch)
    try:
        with pytest.raises(Unavailable, match="no such key"):
            process(kms.key[:-4] + "0000").wrap(ANA)
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        with pytest.raises(Unavailable, match="NoCredentialsError"):
            process(kms.key).wrap(ANA)
    finally:
        kms.shut()


def test_the_token_is_read_where_an_agent_keeps_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vault = StandIn(monkeypatch)
    monkeypatch.setattr(remote, "BACKOFF_SECONDS", 0.0)
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    keks = process(vault.key)
    for wrong in (None, "expired"):
        if wrong:
            (tmp_path / ".vault-token").write_text(wrong)
        with pytest.raises(Unavailable, match="403: its token") as error:
            keks.wrap(ANA)
        assert not wrong or wrong not in error.value.detail.replace("missing, expired", "")
    (tmp_path / ".vault-token").write_text(TOKEN + "\n")
    assert keks.wrap(ANA)
    vault.shut()


def test_a_retired_key_version_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = StandIn(monkeypatch)
    wrapped = process(vault.key).wrap(ANA)
    vault.rotate()
    vault.transit.engine.oldest["oms"] = 2
    assert "too old" in refused(process(vault.key), *wrapped)
    with pytest.raises(Unavailable, match="404: no transit engine"):
        process(vault.key.replace("/transit/keys", "/elsewhere/keys")).wrap(ANA)
    vault.shut()


def test_openbao_derives_keys_and_refuses_keys_that_cannot_encrypt(
    real: OpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    real.request("transit/keys/derived", {"derived": True})
    real.request("transit/keys/rsa", {"type": "rsa-2048"})
    derived, rsa = (real.key.replace("/oms", f"/{n}") for n in ("derived", "rsa"))
    wrapped = process(derived).wrap(ANA)
    assert process(derived).unwrap(wrapped) == [b"a" * 32]
    assert "another name" in refused(process(derived, ledger="north"), *wrapped)
    with pytest.raises(Unavailable, match="non-AEAD"):
        process(rsa).wrap(ANA)
