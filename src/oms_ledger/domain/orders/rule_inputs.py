"""What a hold rule has decided from."""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.domain.text_kinds import Harmless


@dataclass(frozen=True, slots=True)
class RuleInput:
    """A value that a hold rule has decided from, or compared with."""

    name: Harmless
    value: str
