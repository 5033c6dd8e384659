"""Files that only their user may read, be they new or written over."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

PRIVATE = 0o600


@contextmanager
def opened_private(file: Path) -> Iterator[TextIO]:
    """A file for writing. One that exists is emptied, and its mode narrowed before anything is
    written. Raises `OSError`."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):  # and not /dev/stdout or a pipe
            os.fchmod(descriptor, PRIVATE)
        yield out


def write_private(file: Path, text: str) -> None:
    with opened_private(file) as out:
        out.write(text)
