"""Where the real year of orders is, on machines that have it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "online_retail.csv.gz"


def real_file() -> Path:
    """`OMS_ONLINE_RETAIL`, or the data folder beside the project. Skips the test without it."""
    file = Path(os.environ.get("OMS_ONLINE_RETAIL") or BESIDE)
    if not file.exists():
        pytest.skip(f"{file} is absent; OMS_ONLINE_RETAIL may name a copy of online_retail.csv.gz")
    return file
