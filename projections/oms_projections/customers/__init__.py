"""Customers: their orders, their list, and everything known of one person."""

from __future__ import annotations

from oms_projections.customers.fold import READ_MODEL

__all__ = ["READ_MODEL"]
