"""A shop whose customers are real people: the door's fixtures, and what must never be found."""

from __future__ import annotations

from tests.http.conftest import api, oms, postgres, settings, shop

__all__ = ["api", "oms", "postgres", "settings", "shop"]
