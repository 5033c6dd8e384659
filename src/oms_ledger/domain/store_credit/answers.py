"""Answers about store credit, as types. Money is decimal text."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, LinkNumber, OrderId, PaymentId, SealedText


class StoreCreditAnswer(TypedDict):
    """`account` is the key of the account, which can stand in the path in the place of its name,
    but pays nothing; of an old account, whose key is its name, the masked name. `account_number` is
    the name, shown to those who may see personal data, and `account_ending` its last characters;
    null where the ledger does not have it. `balance` is `issued` less `spent`, with what was
    `returned` of it: refunded or released."""

    account: str
    account_number: SealedText | None
    account_ending: Harmless | None
    currency: Harmless
    balance: str
    issued: str
    spent: str
    returned: Harmless
    version: int


class StoreCreditMovementAnswer(TypedDict):
    """`type` is issued, spent or returned; `change` is below 0 where the balance falls."""

    type: Harmless
    change: str
    reason: str | None
    reference: str | None
    order_id: OrderId | None
    payment_id: PaymentId | None
    at: Harmless
    position: LinkNumber


class StoreCreditAccountAnswer(StoreCreditAnswer):
    """With the newest movements, the newest first."""

    movements: list[StoreCreditMovementAnswer]
