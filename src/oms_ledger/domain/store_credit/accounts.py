"""How accounts of store credit are named. The name of an account is a secret: everybody who knows
the number of a gift can spend it. So a name is replaced by a keyed hash of it before a command is
queued, and the name itself is sealed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Command

KEY_PREFIX = "account:"
"""How the key of an account begins; the keyed hash of its name follows."""

_KEY = re.compile(re.escape(KEY_PREFIX) + "[0-9a-f]{64}")

ENDING_MAX = 4
"""Last characters of a name that every reader may see, and at most a third of it."""


@dataclass(frozen=True, slots=True)
class StoreCreditAccount:
    """An account that a command names. `key` is that of its stream: `account:<hash>`, or the name
    itself of an old account. `subject` is that of the data key which seals
    `account_number`, the name; None where the command named the account by its key. `ending` are
    the last characters of the name. `customer_id` is that of the customer of the command's order,
    where the account is the customer's own."""

    key: str
    subject: str
    ending: str | None
    account_number: Personal | None
    customer_id: str | None = None


class AccountRequest(NamedTuple):
    """The account that a command is about. `name` is a customer's id or the number of a gift; None:
    the own account of the customer of the order `order_id`. `by_key`: the key of an account may
    stand in the place of its name. It may not where the account is spent, since events and answers
    show keys."""

    name: str | None
    order_id: str | None = None
    by_key: bool = False


class AccountCommand(Protocol):
    """A command about an account of store credit. `with_account` returns the command with the
    account in the place of its name; it is called before the command is sealed and decided."""

    @property
    def account_request(self) -> AccountRequest | None: ...

    def with_account(self, account: StoreCreditAccount | None) -> Command: ...


def account_request_of(command: Command) -> AccountRequest | None:
    """Of an `AccountCommand`; None where it is about no account, and of other commands."""
    request: AccountRequest | None = getattr(command, "account_request", None)
    return request


def is_account_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def ending_of(name: str) -> str | None:
    """The last characters of a name, fewer of a short one; None of one of one or two characters."""
    return name[-min(ENDING_MAX, len(name) // 3) :] if len(name) > 2 else None


def masked_name(name: str) -> str:
    """A name with all but its ending masked."""
    return f"***{ending_of(name) or ''}"


def shown_key(key: str) -> str:
    """The key of an account as answers show it: the name that an old account has as its key is
    masked."""
    return key if is_account_key(key) else masked_name(key)


def unhashed_account(name: str, customer_id: str | None = None) -> StoreCreditAccount:
    """The account of a command in a ledger that has no keys, as those in memory: its name is its
    key. `customer_id` is that of the order's customer."""
    return StoreCreditAccount(name, KEY_PREFIX, None, None, name if name == customer_id else None)
