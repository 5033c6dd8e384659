"""Builds the key wrapper that the setting OMS_KEK describes: local keys, remote root keys, or the
keys of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from oms_ledger.domain.errors import Refused
from oms_ledger.privacy.keks import aws, vault
from oms_ledger.privacy.keks.local import KekFile, KeyWrapper, LocalKeks, WrappedKey, parse
from oms_ledger.privacy.keks.remote import RemoteKeks, RemoteRootKey

REMOTE: Mapping[str, Callable[[str, str], RemoteRootKey]] = {
    "aws-kms:": aws.root_key,
    "vault-transit:": vault.root_key,
}
"""Prefixes of the names of remote root keys, and what makes the root key from the rest of the name
and the ledger's name."""


class ChainLink(KeyWrapper, Protocol):
    """One of several key wrappers."""

    def wraps(self, kek: str) -> bool:
        """Whether this wrapper unwraps keys that the key-encryption key `kek` wrapped."""


class KekChain:
    """Several key wrappers, the newest first: the first wraps, each unwraps its own."""

    def __init__(self, links: Sequence[ChainLink]) -> None:
        self._links = links

    def current(self) -> str:
        return self._links[0].current()

    def wrap(self, keys: Sequence[tuple[str, bytes]]) -> list[WrappedKey]:
        return self._links[0].wrap(keys)

    def unwrap(self, keys: Sequence[WrappedKey]) -> list[bytes]:
        return [self._link(each.kek).unwrap([each])[0] for each in keys]

    def renew(self) -> None:
        self._links[0].renew()

    def _link(self, kek: str) -> ChainLink:
        for link in self._links:
            if link.wraps(kek):
                return link
        raise Refused(
            f"The keys of this ledger's persons are wrapped by {kek.partition('#')[0]}, which"
            " OMS_KEK does not name. Put it there, behind what wraps from now on.",
            code="wrong_kek",
        )


def key_wrapper(kek: str | None, file: Path, ledger: str) -> KeyWrapper:
    """The key wrapper of the setting OMS_KEK (`kek`), words with blanks between; without it, the
    keys in a file."""
    if kek is None:
        return KekFile(file)
    links: list[ChainLink] = []
    local: list[str] = []
    for word in kek.split():
        prefix = next((prefix for prefix in REMOTE if word.startswith(prefix)), None)
        if prefix is None:
            local.append(word)
            continue
        if local:
            links.append(LocalKeks(parse(" ".join(local), "OMS_KEK")))
            local.clear()
        links.append(RemoteKeks(REMOTE[prefix](word.removeprefix(prefix), ledger)))
    if local or not links:
        links.append(LocalKeks(parse(" ".join(local), "OMS_KEK")))
    return links[0] if len(links) == 1 else KekChain(links)
