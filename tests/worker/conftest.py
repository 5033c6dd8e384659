"""A sealed shop, for tests of the worker."""

from __future__ import annotations

from tests.audit.verify.conftest import sealed, shops

__all__ = ["sealed", "shops"]
