"""Answers about store credit, as types. Money is decimal text."""

from __future__ import annotations

from typing_extensions import TypedDict


class StoreCreditAnswer(TypedDict):
    """`balance` is `issued` less `spent`, with what was `returned` of it: refunded or released."""

    account: str
    currency: str
    balance: str
    issued: str
    spent: str
    returned: str
    version: int


class StoreCreditMovementAnswer(TypedDict):
    """`type` is issued, spent or returned; `change` is below 0 where the balance falls."""

    type: str
    change: str
    reason: str | None
    reference: str | None
    order_id: str | None
    payment_id: str | None
    at: str
    position: int


class StoreCreditAccountAnswer(StoreCreditAnswer):
    """With the newest movements, the newest first."""

    movements: list[StoreCreditMovementAnswer]
