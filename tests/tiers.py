"""Parameters of tests that run in `make test-all` alone, beside others that run in `make test`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest


def long(*values: object) -> object:
    """One set of values, in `make test-all` alone."""
    return pytest.param(*values, marks=pytest.mark.long)


def others_long(values: Iterable[object], *kept: object) -> Sequence[object]:
    """Each value; those that are not `kept` (by default the first) in `make test-all` alone."""
    every = list(values)
    in_every_run = kept or every[:1]
    return [each if each in in_every_run else long(each) for each in every]
