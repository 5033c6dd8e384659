"""Statistical disclosure control: suppression of counts so small that they identify a person."""

from __future__ import annotations

from collections.abc import Sequence


def suppress(counts: Sequence[int], least: int) -> list[bool]:
    """Primary and complementary suppression. Of the counts of one table, marks those from 1 to
    below `least`, then the smallest others, until the hidden counts cannot be derived from the
    total: they are two or more and sum up to at least `least`, or none but zeros is left."""
    hidden = [0 < count < least for count in counts]
    if not any(hidden):
        return hidden
    others = (n for n, count in enumerate(counts) if count >= least)
    for n in sorted(others, key=lambda n: counts[n]):
        if sum(hidden) > 1 and _hidden_total(counts, hidden) >= least:
            break
        hidden[n] = True
    return hidden


def _hidden_total(counts: Sequence[int], hidden: Sequence[bool]) -> int:
    return sum(count for count, is_hidden in zip(counts, hidden, strict=True) if is_hidden)
