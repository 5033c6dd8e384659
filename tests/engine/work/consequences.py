"""A ledger whose policy receives stock whenever stock is received, and what must have followed.

`FOLLOWING` answers each receipt of a SKU `S<n>` with two receipts of one unit, of the SKUs
`F<position>-1` and `F<position>-2`: whatever happened once has one unit on hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work import cursors
from oms_ledger.engine.work.policies import PolicyRunner
from oms_ledger.engine.write.submissions import Outcome
from oms_ledger.kernel import Command, Log, Policy, Position, Recorded
from tests.databases import Database

LOCATION = "LON"


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, StockReceived)
    if not event.sku.startswith("S"):
        return ()
    return [receive(f"F{recorded.position}-{n}") for n in (1, 2)]


FOLLOWING = Policy("when_stock_received_receive_more", frozenset({StockReceived.type}), react)
SOURCE = f"policy:{FOLLOWING.name}"


def receive(sku: str, quantity: int = 1) -> ReceiveStock:
    return ReceiveStock(sku=sku, location=LOCATION, quantity=quantity)


def install(database: Database, *policies: Policy) -> None:
    with database.connect(Role.OWNER) as owner:
        cursors.install(owner, [policy.name for policy in policies or (FOLLOWING,)])


@contextmanager
def ledger(database: Database, *policies: Policy) -> Generator[Oms]:
    """Open, with these policies installed."""
    install(database, *policies)
    with open_prepared(database.settings) as oms:
        oms.work.policies = policies or (FOLLOWING,)
        oms.execute(PutLocation(LOCATION, "London"), actor="clerk")
        yield oms


def place_stock(oms: Oms, count: int, sku: str = "S") -> list[Position]:
    """Events for the policy to react to; their positions."""
    commands = [receive(f"{sku}{n}") for n in range(count)]
    outcomes = oms.execute_many(commands, actor="clerk")
    return [outcome.position for outcome in outcomes if isinstance(outcome, Outcome)]


def run_to_end(runner: PolicyRunner) -> None:
    while runner.step():
        pass


def followed(oms: Oms) -> Counter[str]:
    """How many units the policy has received, by SKU."""
    counted: Counter[str] = Counter()
    for recorded in oms.readers.log().events(0, 100_000, [StockReceived.type]):
        event = recorded.event
        assert isinstance(event, StockReceived)
        if event.sku.startswith("F"):
            counted[event.sku] += event.quantity
    return counted


def expected(positions: Sequence[Position]) -> Counter[str]:
    return Counter(f"F{position}-{n}" for position in positions for n in (1, 2))


def on_hand(log: Log, sku: str) -> int:
    return log.fold(StockLevel, f"{sku}@{LOCATION}").on_hand


def renamed(policy: Policy, name: str) -> Policy:
    return replace(policy, name=name)


def cursor(oms: Oms, policy: Policy = FOLLOWING) -> Position:
    (position,) = [
        each.position for each in oms.readers.policy_cursors() if each.name == policy.name
    ]
    return position
