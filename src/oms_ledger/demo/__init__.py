"""A small sample shop: 60 days of orders in all states."""

from oms_ledger.demo.first_steps import hints
from oms_ledger.demo.loader import LoadResult, load
from oms_ledger.demo.provider import stand_in_server, take_payments
from oms_ledger.demo.provider_summary import show_provider
from oms_ledger.demo.summary import show

__all__ = [
    "LoadResult",
    "hints",
    "load",
    "show",
    "show_provider",
    "stand_in_server",
    "take_payments",
]
