"""The ledger as evidence: checkpoints, tiles and proofs for whoever verifies, and what the last
verification found.

Checkpoints and tiles are hashes, and public, as witnesses and monitors expect them. What holds
events themselves (entry bundles, and the leaf beside an inclusion proof) is for auditors.
"""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.principals import authorise
from oms_ledger.access.roles import SENSITIVE
from oms_ledger.audit.tree import tiles
from oms_ledger.audit.tree.merkle import TILE_WIDTH
from oms_ledger.audit.tree.proofs import Prover, checkpoint_json
from oms_ledger.domain.errors import NotFound
from oms_ledger.http.auth import principal_of
from oms_ledger.http.disclosure import Shown
from oms_ledger.http.errors import invalid
from oms_ledger.http.queries.executor import POSITION_MAX
from oms_ledger.http.requests import headers_of, path_fields, query_fields, whole
from oms_ledger.http.resources import Inside
from oms_ledger.http.responses import JSON, answer
from oms_ledger.http.streams.feed import refuse_others
from oms_ledger.privacy.disclosure import MASKED
from oms_ledger.privacy.sensitivity.mask import MARK

NOTE = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


class Evidence:
    def __init__(self, inside: Inside) -> None:
        self._oms = inside.oms
        self._threads = inside.threads
        self._leaf = Shown(inside, "GET /v1/audit/proof/inclusion")
        self._bundle = Shown(inside, "GET /tile/entries/{index}")

    async def checkpoint(self, request: Request) -> Response:
        """The signed note itself; as JSON for who accepts nothing but that."""
        refuse_others(query_fields(request))
        newest = await self._threads.run(self._prover().checkpoint)
        position = {"ledger-position": str(newest.size)}
        if headers_of(request).get("accept") == JSON:
            return answer(checkpoint_json(newest), 200, position)
        return Response(newest.note, 200, position, NOTE)

    async def tile(self, request: Request) -> Response:
        """A tile of hashes."""
        fields = path_fields(request)
        return await self._resource(request, f"{fields['level']}/{fields['index']}")

    async def entries(self, request: Request) -> Response:
        """A bundle of leaves: events as they are stored, and so for who may see all of them."""
        path = f"entries/{path_fields(request)['index']}"
        bundle = await self._resource(request, path)
        _, index, width = tiles.parse_path(path)
        if not await self._may_see(self._bundle, request, index * TILE_WIDTH, width):
            authorise(principal_of(request), SENSITIVE)
        return bundle

    async def _resource(self, request: Request, path: str) -> Response:
        refuse_others(query_fields(request))
        found = await self._threads.run(partial(tiles.resource, self._oms.tree(), path))
        return Response(found, 200, None, BYTES)

    async def inclusion(self, request: Request) -> Response:
        """That an event is in the tree of a size. Its own bytes are masked for who may not see
        what is in them; the hashes are everybody's."""
        fields = query_fields(request)
        position, size = _wanted(fields, "position"), _optional(fields, "tree_size")
        refuse_others(fields)
        prover = self._prover()
        proof = await self._threads.run(partial(prover.inclusion, position, size))
        if not await self._may_see(self._leaf, request, position - 1, 1):
            proof |= {"leaf": MASKED, MARK: True}
        return answer(proof)

    async def _may_see(self, shown: Shown, request: Request, after: int, count: int) -> bool:
        """Whether who asks may have these events as they are stored."""
        feed = await self._threads.run(partial(self._oms.readers.feed, after, count))
        return await shown.as_stored(request, feed.items)

    async def consistency(self, request: Request) -> Response:
        """That the tree of one size began the tree of another."""
        fields = query_fields(request)
        first, second = _wanted(fields, "from"), _optional(fields, "to")
        refuse_others(fields)
        prover = self._prover()
        return answer(await self._threads.run(partial(prover.consistency, first, second)))

    async def verification(self, request: Request) -> Response:
        """What the last verification of the whole ledger found."""
        refuse_others(query_fields(request))
        found = await self._threads.run(self._oms.last_verification)
        if found is None:
            raise NotFound("This ledger has not been verified yet. Run: oms-ledger verify")
        return answer(found)

    def _prover(self) -> Prover:
        return Prover(self._oms.tree())


def _wanted(fields: dict[str, str], name: str) -> int:
    found = _optional(fields, name)
    if found is None:
        raise invalid(name, "It is missing. Write a whole number.")
    return found


def _optional(fields: dict[str, str], name: str) -> int | None:
    return whole(fields, name, 0, POSITION_MAX) if name in fields else None
