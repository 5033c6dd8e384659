"""Queries whose answers can be printed, and the paths of their documents."""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.kernel import Query
from oms_projections import QUERIES


@dataclass(frozen=True, slots=True)
class DocumentRoute:
    """The answer of a query as a PDF: of the same parameters, for the same callers."""

    query: Query
    path: str
    summary: str
    file_name: str


_QUERIES = {query.name: query for query in QUERIES}

DOCUMENT_ROUTES = (
    DocumentRoute(
        _QUERIES["pick_list"],
        "/v1/picklists.pdf",
        "What is to be picked at a location, to print",
        "pick-list.pdf",
    ),
    DocumentRoute(
        _QUERIES["get_shipment"],
        "/v1/shipments/{shipment_id}/packing-slip.pdf",
        "The packing slip of a shipment",
        "packing-slip.pdf",
    ),
)
