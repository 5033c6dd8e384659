"""Local key-encryption keys, in a file or a setting, and their rotation."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.privacy.keks.local import Kek, KekFile, LocalKeks, parse

OLD, NEW = Kek.of(b"o" * 32), Kek.of(b"n" * 32)


def text(*keks: Kek) -> str:
    return "\n".join(b64encode(kek.key).decode() for kek in keks)


def test_a_key_wrapped_for_one_name_opens_for_no_other() -> None:
    keks = LocalKeks([NEW])
    (wrapped,) = keks.wrap([("k1", b"secret")])
    assert keks.unwrap([wrapped]) == [b"secret"]
    assert b"secret" not in wrapped.wrapped
    with pytest.raises(Refused, match="changed since"):
        keks.unwrap([wrapped._replace(name="k2")])


def test_the_newest_wraps_and_all_unwrap() -> None:
    (before,) = LocalKeks([OLD]).wrap([("k1", b"secret")])
    both = LocalKeks([NEW, OLD])
    assert both.unwrap([before]) == [b"secret"]
    assert both.wrap([("k1", b"secret")])[0].kek == NEW.id == both.current()
    with pytest.raises(Refused, match=OLD.id):
        LocalKeks([NEW]).unwrap([before])


def test_a_file_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    file = KekFile(tmp_path / "keys" / "kek")
    with pytest.raises(NotFound, match="OMS_KEK_FILE"):
        file.current()
    file.make()
    made = file.current()
    file.make()
    assert KekFile(file.path).current() == made
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.path.parent.iterdir()] == ["kek"]


def test_a_running_process_follows_a_change(tmp_path: Path) -> None:
    first, second = KekFile(tmp_path / "kek"), KekFile(tmp_path / "kek")
    first.make()
    (wrapped,) = first.wrap([("k1", b"secret")])
    second.add(NEW, keep=[second.current()])
    assert first.current() == NEW.id
    assert first.unwrap([wrapped]) == [b"secret"]
    second.add(OLD, keep=[NEW.id])
    with pytest.raises(Refused):
        first.unwrap([wrapped])


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = KekFile(tmp_path / "kek")
    file.make()
    file.path.chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        KekFile(file.path).current()


@pytest.mark.parametrize("wrong", ["", "not base64!", b64encode(b"short").decode()])
def test_what_is_no_key_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(wrong, "OMS_KEK")
    assert "openssl rand" in refused.value.detail
    assert not wrong or wrong not in refused.value.detail


def test_keys_are_read_in_their_order_and_do_not_show_themselves() -> None:
    assert parse(text(NEW, OLD), "OMS_KEK") == [NEW, OLD]
    assert "nnnn" not in repr(NEW)
