"""A small sample shop: 60 days of orders in all states."""

from oms_ledger.demo.first_steps import hints
from oms_ledger.demo.loader import LoadResult, load
from oms_ledger.demo.summary import show

__all__ = ["LoadResult", "hints", "load", "show"]
