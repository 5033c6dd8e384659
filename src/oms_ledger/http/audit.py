"""Audit: checkpoints, tiles and proofs of the Merkle tree, and the report of the last verification.

Checkpoints and tiles are hashes, and public, as witnesses and monitors expect them. Entry bundles
and the leaf beside an inclusion proof hold events, and need the scope `audit:read`.
"""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.principals import authorise
from oms_ledger.access.roles import SENSITIVE
from oms_ledger.app import Oms
from oms_ledger.audit.tree import tiles
from oms_ledger.audit.tree.merkle import TILE_WIDTH
from oms_ledger.audit.tree.proofs import Prover, checkpoint_json
from oms_ledger.domain.errors import NotFound, invalid_field
from oms_ledger.http.auth import principal_of
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.queries.executor import POSITION_MAX
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import path_fields, query_fields, request_headers, whole
from oms_ledger.http.responses import JSON, answer
from oms_ledger.http.streams.feed import refuse_others
from oms_ledger.privacy.disclosure import MASKED
from oms_ledger.privacy.sensitivity.mask import MARK

NOTE = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


class AuditHandlers:
    """`leaf` renders the leaf of an inclusion proof, `bundle` the leaves of an entry bundle."""

    def __init__(self, oms: Oms, threads: Threads, *, leaf: Disclosure, bundle: Disclosure) -> None:
        self._oms = oms
        self._threads = threads
        self._leaf = leaf
        self._bundle = bundle

    async def checkpoint(self, request: Request) -> Response:
        """The newest signed note; as JSON where the header `Accept` is exactly that."""
        refuse_others(query_fields(request))
        newest = await self._threads.run(self._prover().checkpoint)
        position = {"ledger-position": str(newest.size)}
        if request_headers(request).get("accept") == JSON:
            return answer(checkpoint_json(newest), 200, position)
        return Response(newest.note, 200, position, NOTE)

    async def tile(self, request: Request) -> Response:
        """A tile of hashes."""
        fields = path_fields(request)
        return await self._resource(request, f"{fields['level']}/{fields['index']}")

    async def entries(self, request: Request) -> Response:
        """A bundle of leaves, which are events as they are stored. `Forbidden` for callers who may
        not see all of them."""
        path = f"entries/{path_fields(request)['index']}"
        bundle = await self._resource(request, path)
        _, index, width = tiles.parse_path(path)
        if not await self._may_see(self._bundle, request, index * TILE_WIDTH, width):
            authorise(principal_of(request), SENSITIVE)
        return bundle

    async def _resource(self, request: Request, path: str) -> Response:
        refuse_others(query_fields(request))
        content = await self._threads.run(partial(tiles.resource, self._oms.audit.tree(), path))
        return Response(content, 200, None, BYTES)

    async def inclusion(self, request: Request) -> Response:
        """A proof that an event is in the tree of a size. The leaf is masked for callers who may
        not see what is in it; the hashes are shown to all."""
        fields = query_fields(request)
        position, size = _required(fields, "position"), _optional(fields, "tree_size")
        refuse_others(fields)
        prover = self._prover()
        proof = await self._threads.run(partial(prover.inclusion, position, size))
        if not await self._may_see(self._leaf, request, position - 1, 1):
            proof |= {"leaf": MASKED, MARK: True}
        return answer(proof)

    async def _may_see(
        self, disclosure: Disclosure, request: Request, after: int, count: int
    ) -> bool:
        """Whether the caller may have these events as they are stored."""
        feed = await self._threads.run(partial(self._oms.readers.feed, after, count))
        return await disclosure.as_stored(request, feed.items)

    async def consistency(self, request: Request) -> Response:
        """A proof that the tree of one size is a prefix of the tree of another."""
        fields = query_fields(request)
        first, second = _required(fields, "from"), _optional(fields, "to")
        refuse_others(fields)
        prover = self._prover()
        return answer(await self._threads.run(partial(prover.consistency, first, second)))

    async def verification(self, request: Request) -> Response:
        """The report of the last verification of the whole ledger."""
        refuse_others(query_fields(request))
        report = await self._threads.run(self._oms.audit.last_verification)
        if report is None:
            raise NotFound("This ledger has not been verified yet. Run: oms-ledger verify")
        return answer(report)

    def _prover(self) -> Prover:
        return Prover(self._oms.audit.tree())


def _required(fields: dict[str, str], name: str) -> int:
    number = _optional(fields, name)
    if number is None:
        raise invalid_field(name, "It is missing. Write a whole number.")
    return number


def _optional(fields: dict[str, str], name: str) -> int | None:
    return whole(fields, name, 0, POSITION_MAX) if name in fields else None
