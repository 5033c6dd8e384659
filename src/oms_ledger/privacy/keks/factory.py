"""Which key-encryption keys a setting means: keys that are given, a service's, or a file's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from oms_ledger.domain.errors import Refused
from oms_ledger.privacy.keks import aws, vault
from oms_ledger.privacy.keks.local import KekFile, KeyEncryption, LocalKeks, Wrapped, parse
from oms_ledger.privacy.keks.service import KeyService, ServiceKeks

SERVICES: Mapping[str, Callable[[str, str], KeyService]] = {
    "aws-kms:": aws.service,
    "vault-transit:": vault.service,
}
"""How the name of a service's key begins, and what makes the service of the rest of the name and
of the ledger's."""


class Member(KeyEncryption, Protocol):
    """One of several that wrap and unwrap."""

    def knows(self, kek: str) -> bool:
        """Whether a key that is wrapped by this one is for it to unwrap."""


class Keks:
    """Several, the newest first: that one wraps, each unwraps its own."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members

    def current(self) -> str:
        return self._members[0].current()

    def wrap(self, keys: Sequence[tuple[str, bytes]]) -> list[Wrapped]:
        return self._members[0].wrap(keys)

    def unwrap(self, keys: Sequence[Wrapped]) -> list[bytes]:
        return [self._member(each.kek).unwrap([each])[0] for each in keys]

    def renew(self) -> None:
        self._members[0].renew()

    def _member(self, kek: str) -> Member:
        for member in self._members:
            if member.knows(kek):
                return member
        raise Refused(
            f"The keys of this ledger's persons are wrapped by {kek.partition('#')[0]}, which"
            " OMS_KEK does not name. Put it there, behind what wraps from now on.",
            code="wrong_kek",
        )


def key_encryption(given: str | None, file: Path, ledger: str) -> KeyEncryption:
    """What wraps the keys of a ledger's personal data: what is given, else the keys in a file."""
    if given is None:
        return KekFile(file)
    members: list[Member] = []
    local: list[str] = []
    for word in given.split():
        kind = next((kind for kind in SERVICES if word.startswith(kind)), None)
        if kind is None:
            local.append(word)
            continue
        if local:
            members.append(LocalKeks(parse(" ".join(local), "OMS_KEK")))
            local.clear()
        members.append(ServiceKeks(SERVICES[kind](word.removeprefix(kind), ledger)))
    if local or not members:
        members.append(LocalKeks(parse(" ".join(local), "OMS_KEK")))
    return members[0] if len(members) == 1 else Keks(members)
