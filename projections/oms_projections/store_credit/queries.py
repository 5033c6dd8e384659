"""Queries about accounts of store credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.store_credit.answers import StoreCreditAccountAnswer
from oms_ledger.domain.store_credit.events import STORE_CREDIT_EVENTS
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.domain.store_credit.views import movement_view, store_credit_view
from oms_ledger.kernel import Json, Log, Query, Recorded, stream_id
from oms_projections.pages import Limit

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetStoreCredit:
    """`account` is the key of the account, in whatever way the caller named it. `limit` is of the
    movements."""

    account: str
    limit: Limit = 50


def get_store_credit(params: GetStoreCredit, log: Log) -> Mapping[str, Json]:
    credit = log.fold(StoreCredit, params.account)
    if credit.currency is None:
        raise NotFound(
            "There is no account of that name. Issue store credit to it with POST"
            " /v1/store-credit/{account}/issue."
        )
    newest = log.history(
        stream_id(StoreCredit, params.account), max(0, credit.version - params.limit)
    )
    return {**store_credit_view(params.account, credit), "movements": _movements(newest)}


def _movements(history: Sequence[Recorded]) -> list[Json]:
    """The newest first."""
    return [
        movement_view(recorded, recorded.event)
        for recorded in reversed(history)
        if isinstance(recorded.event, STORE_CREDIT_EVENTS)
    ]


QUERIES = (
    Query(
        "get_store_credit",
        "/v1/store-credit/{account}",
        "orders:read",
        None,
        GetStoreCredit,
        get_store_credit,
        "The balance of an account of store credit, and its movements",
        get_store_credit,
        account="account",
        answer_type=StoreCreditAccountAnswer,
    ),
)
