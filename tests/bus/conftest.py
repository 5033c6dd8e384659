"""Fixtures of the HTTP API, for tests of the bus."""

from __future__ import annotations

from tests.http.conftest import api, oms, postgres, settings, shop

__all__ = ["api", "oms", "postgres", "settings", "shop"]
