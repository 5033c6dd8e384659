"""How processes that serve keep their memory. What was freed goes back to the operating system: the
C library would keep what large bodies took, for each thread apart."""

from __future__ import annotations

import ctypes
import gc
import sys

LARGE_BYTES = 1_000_000

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of glibc
_ARENAS_MAX = -8  # M_ARENA_MAX


def tune_interpreter() -> None:
    """For processes that serve. Python's cyclic collector, left as it is, takes half the time
    of deciding: it walks every cached state again and again, and none of them is a cycle. And
    the writer's thread should not wait 5 ms for its turn after each answer of the database."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    keep_little()
    sys.setswitchinterval(0.0005)


def keep_little() -> None:
    """For processes that serve: what is large is taken from the operating system by itself, and
    goes back to it as soon as it is freed; few threads have a heap of their own."""
    if _is_glibc():
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
        library.mallopt(_ARENAS_MAX, 2)


def give_back() -> None:
    """Give back what is free now. Of what refers to itself, as requests do whose bodies were
    refused, only the young is looked at: that takes milliseconds."""
    gc.collect(1)
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _is_glibc() -> bool:
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")
