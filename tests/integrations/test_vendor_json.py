"""Reading vendors' JSON for the first time, by several threads at once."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from oms_ledger.integrations import vendor_json

READ_AT_ONCE = """
import sys
from threading import Barrier, Thread

import msgspec

from oms_ledger.integrations import vendor_json

sys.setswitchinterval(1e-6)
THREADS = 4
for number in range(200):
    part = msgspec.defstruct("Part", [("id", str), ("amount", int | None, None)])
    whole = msgspec.defstruct("Whole", [("id", str), ("parts", list[part]), ("first", part)])
    other = msgspec.defstruct("Other", [("parts", list[part]), ("at", str)])
    together = Barrier(THREADS)

    def read(kind, text, value):
        together.wait()
        assert vendor_json.decode(text, kind) == vendor_json.convert(value, kind)

    one = {"id": "a", "amount": 1}
    texts = (
        (whole, {"id": "b", "parts": [one, one], "first": one}),
        (other, {"parts": [one, one], "at": "now"}),
    )
    threads = [
        Thread(target=read, args=(kind, msgspec.json.encode(value), value))
        for kind, value in texts * (THREADS // 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("all were read")
"""
"""msgspec alone ends such a process within the first few types."""


class Payment(msgspec.Struct):
    id: str
    amount: int


def test_threads_that_read_a_type_at_once_for_the_first_time_all_read_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_AT_ONCE], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "all were read\n"), done.stderr


def test_json_of_another_type_is_refused() -> None:
    assert vendor_json.decode(b'{"id": "p", "amount": 3, "more": 1}', Payment) == Payment("p", 3)
    with pytest.raises(msgspec.ValidationError):
        vendor_json.decode(b'{"id": "p", "amount": "3"}', Payment)
    with pytest.raises(msgspec.ValidationError):
        vendor_json.convert({"id": "p"}, Payment)
    with pytest.raises(msgspec.DecodeError):
        vendor_json.decode(b"<html>", Payment)
