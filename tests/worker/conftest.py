"""The sealed shop of the tests of verification."""

from __future__ import annotations

from tests.audit.verify.conftest import sealed, shops

__all__ = ["sealed", "shops"]
