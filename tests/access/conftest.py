"""A ledger with its HTTP API, for tests of keys and tokens."""

from __future__ import annotations

from tests.http.conftest import api, oms, postgres, settings, shop

__all__ = ["api", "oms", "postgres", "settings", "shop"]
