"""The HTTP API's fixtures, for keys, tokens and limits as callers meet them."""

from __future__ import annotations

from tests.http.conftest import api, oms, settings, shop

__all__ = ["api", "oms", "settings", "shop"]
