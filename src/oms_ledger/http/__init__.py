"""The HTTP door. Routes are made from the catalogues of commands and queries."""

from __future__ import annotations

from oms_ledger.http.app import create_app

__all__ = ["create_app"]
