"""Protection of one ledger's personal data: its parts, wired around one key cache."""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.privacy import rotation
from oms_ledger.privacy.erasure import Erasure
from oms_ledger.privacy.key_cache import KeyCache, Lend
from oms_ledger.privacy.opener import AccessLogKeys, Opener
from oms_ledger.privacy.sealer import CommandSealer
from oms_ledger.privacy.subjects import SubjectResolver


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals commands, opens answers, resolves and erases data subjects. All parts share `keys`."""

    lend: Lend
    keys: KeyCache
    subjects: SubjectResolver
    sealer: CommandSealer
    opener: Opener
    erasure: Erasure

    @staticmethod
    def of(lend: Lend, keys: KeyCache, access_log_keys: AccessLogKeys) -> Vault:
        """`lend` lends a connection that acts as a role: the writer creates and destroys keys, the
        reader reads them, their custodian wraps them anew."""
        subjects = SubjectResolver(lend, keys)
        return Vault(
            lend,
            keys,
            subjects,
            CommandSealer(lend, keys),
            Opener(lend, keys, access_log_keys),
            Erasure(lend, keys),
        )

    def rotate_kek(self) -> int:
        """Wrap every data key by a new key-encryption key; returns how many were wrapped."""
        self.keys.ledger_key()
        return rotation.rewrap_all(self.lend, self.keys)
