"""Lines of a text file, plain or gzipped, each of a bounded length: a small file may unfold into a
line that no memory holds."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

LINE_CHARACTERS_MAX = 100_000


@contextmanager
def opened(file: Path) -> Iterator[TextIO]:
    """The text of a file, gzipped or not."""
    with file.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        data = gzip.GzipFile(fileobj=raw) if zipped else raw
        with io.TextIOWrapper(data, encoding="utf-8-sig", newline="") as text:
            yield text


def lines(text: TextIO) -> Iterator[str | None]:
    """Each line; None for one that is longer than `LINE_CHARACTERS_MAX`."""
    while line := text.readline(LINE_CHARACTERS_MAX + 1):
        if len(line) <= LINE_CHARACTERS_MAX:
            yield line
            continue
        while line and not line.endswith("\n"):
            line = text.readline(LINE_CHARACTERS_MAX)
        yield None
