"""Fixtures of other rooms that workers run on."""

from __future__ import annotations

from tests.audit.anchors.test_anchors import outside
from tests.audit.verify.conftest import sealed, shops

__all__ = ["outside", "sealed", "shops"]
