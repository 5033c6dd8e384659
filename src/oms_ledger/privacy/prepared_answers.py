"""Opens and masks the personal texts of answers that are prepared as text, without parsing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from json.encoder import encode_basestring

from oms_ledger.domain.personal import SEALED
from oms_ledger.domain.prepared_text import PERSONAL_MARK
from oms_ledger.privacy.disclosure import MASKED, SealedText

_ELSEWHERE = f'"{SEALED}'


@dataclass(frozen=True, slots=True)
class PreparedText:
    """A prepared answer, split at the marks of its personal texts. `names` are the fields in which
    these were sealed; each second one of `parts` is such a text, as within a string of JSON."""

    names: list[str]
    parts: list[str]

    @staticmethod
    def of(content: str) -> PreparedText | None:
        """None where the answer has no marks, or looks sealed anywhere else: then only its type
        tells what is personal in it."""
        parts = content.split(PERSONAL_MARK)
        if len(parts) == 1 or _ELSEWHERE in content:
            return None
        names = parts[1::3]
        del parts[1::3]
        return PreparedText(names, parts)

    @property
    def sealed(self) -> list[SealedText]:
        texts = zip(self.parts[1::2], self.names, strict=True)
        return [each for each in texts if each[0].startswith(SEALED)]

    def masked(self) -> str:
        parts = [*self.parts]
        parts[1::2] = repeat(MASKED, len(self.names))
        return "".join(parts)

    def opened(self, texts: Sequence[str]) -> str:
        """With the texts in the place of the sealed ones, in order."""
        parts, opened = [*self.parts], iter([encode_basestring(text)[1:-1] for text in texts])
        parts[1::2] = [
            next(opened) if text.startswith(SEALED) else text for text in self.parts[1::2]
        ]
        return "".join(parts)
