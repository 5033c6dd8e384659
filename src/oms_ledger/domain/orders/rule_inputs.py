"""What a hold rule has decided from."""

from __future__ import annotations

from oms_ledger.domain.text_kinds import Harmless
from oms_ledger.kernel import Record


class RuleInput(Record, frozen=True):
    """A value that a hold rule has decided from, or compared with."""

    name: Harmless
    value: str
