"""What runs with the program may be used by anybody, for anything; else it is signed off."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from supply.packages import is_permissive, licence, locked, running
from supply.signed_off import holes, licences


def test_every_package_is_permissive_or_signed_off() -> None:
    texts = {name: licence(package) for name, package in running().items()}
    assert {"psycopg", "fastapi", "jinja2", "boto3", "pyarrow", "cffi"} <= texts.keys()
    assert {name: text for name, text in texts.items() if not is_permissive(text)} == licences()


def test_every_package_that_runs_is_locked_with_its_hashes() -> None:
    lock = locked()
    for name, package in running().items():
        assert lock[name].version == package.version, name
        assert lock[name].hashes, name


@pytest.mark.parametrize(
    ("expression", "permissive"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("unknown", False),
        ("", False),
        ("GPL-3.0-only OR MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", False),
        ("Apache-2.0 AND (MPL-2.0 OR MIT)", True),
        ("(MIT AND GPL-2.0-only) OR BSD-3-Clause", True),
        ("MIT AND GPL-2.0-only OR LGPL-3.0-only", False),
    ],
)
def test_an_expression_is_read_as_it_is_meant(expression: str, permissive: bool) -> None:
    assert is_permissive(expression) is permissive


def signed(tmp_path: Path, **changed: object) -> Path:
    fields = {"id": '"CVE-1"', "package": '"x"', "reason": '"harmless"',
            "signed_off": date(2026, 1, 1), "until": date(2026, 6, 1)} | changed  # fmt: skip
    file = tmp_path / "exceptions.toml"
    file.write_text("[[hole]]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items()))
    return file


def test_a_hole_is_signed_off_with_a_reason_and_an_end(tmp_path: Path) -> None:
    assert holes(signed(tmp_path))[0].until == date(2026, 6, 1)
    with pytest.raises(ValueError, match="without a reason"):
        holes(signed(tmp_path, reason='" "'))
    with pytest.raises(ValueError, match="more than"):
        holes(signed(tmp_path, until=date(2027, 1, 1)))
    assert isinstance(holes(), list)
