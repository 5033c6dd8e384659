"""Counts so small that they single somebody out, and which counts beside them must go as well."""

from __future__ import annotations

from collections.abc import Sequence


def hidden(counts: Sequence[int], least: int) -> list[bool]:
    """Of the counts of one table, which not to show: those from 1 to below `least`, and as many
    others, the smallest first, that whoever knows the total learns of no one. What is hidden then
    is two counts or more and `least` in all, or every count that is not 0."""
    hide = [0 < count < least for count in counts]
    if not any(hide):
        return hide
    others = (n for n, count in enumerate(counts) if count >= least)
    for n in sorted(others, key=lambda n: counts[n]):
        if sum(hide) > 1 and _in_all(counts, hide) >= least:
            break
        hide[n] = True
    return hide


def _in_all(counts: Sequence[int], hide: Sequence[bool]) -> int:
    return sum(count for count, hides in zip(counts, hide, strict=True) if hides)
