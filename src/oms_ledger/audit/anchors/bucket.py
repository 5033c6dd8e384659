"""Checkpoints kept as objects below a URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oms_ledger.audit.anchors.client import request
from oms_ledger.audit.anchors.store import check_same_history, object_name
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class HttpBucket:
    """Puts each checkpoint under a name of its own, `<url>/<size>.checkpoint`, the size in twelve
    digits. An existing object is never overwritten. `headers` are sent with every request, for
    stores that require a token."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.url

    def keep(self, checkpoint: StoredCheckpoint, prover: Prover) -> str:
        url = self.object_url(checkpoint.size)
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "If-None-Match": "*",
            **self.headers,
        }
        response = request("PUT", url, checkpoint.note.encode(), headers)
        if response.status in (409, 412):
            check_same_history(self.fetch(checkpoint.size), checkpoint)
        elif response.status not in (200, 201, 204):
            raise Unavailable(f"{url} answers {response.status} to PUT.")
        return checkpoint.note

    def object_url(self, size: int) -> str:
        base, question, query = self.url.partition("?")
        return f"{base.rstrip('/')}/{object_name(size)}{question}{query}"

    def fetch(self, size: int) -> Anchor:
        """The checkpoint of this size. `Unavailable` where there is none."""
        url = self.object_url(size)
        response = request("GET", url, None, self.headers)
        if response.status != 200:
            raise Unavailable(f"{url} answers {response.status} to GET.")
        return Anchor(url, response.text)
