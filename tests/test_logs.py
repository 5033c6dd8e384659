"""The log of the program, in tests that run after others in one process."""

from __future__ import annotations

import logging

import structlog
from structlog.testing import capture_logs

from oms_ledger import logs
from tests import conftest


def test_a_logger_that_was_used_before_is_captured() -> None:
    logger = structlog.get_logger()
    logs.configure("info")
    logger.info("first_use")
    structlog.configure(**conftest.LOGS)
    with capture_logs() as entries:
        logger.info("second_use")
    assert [entry["event"] for entry in entries] == ["second_use"]


def test_the_log_of_one_test_ends_with_it() -> None:
    before = structlog.get_config(), logging.getLogger().handlers[:]
    with conftest.logs_of_one_test():
        logs.configure("info")
        assert structlog.get_config() != before[0]
    assert (structlog.get_config(), logging.getLogger().handlers) == before
