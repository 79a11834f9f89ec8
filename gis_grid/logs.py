"""Structured logs on standard error; no personal values, only ids, statuses and times."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import structlog

from gis_grid.config import settings


def where_of(fault: BaseException) -> str:
    """File, line and function of an error, never its text: database errors quote people's values."""
    frames = traceback.extract_tb(fault.__traceback__)[-4:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))


def note_request(**told: Any) -> None:
    """The line of a request that was answered. As JSON it is written here: the logger's chain takes longer than some answers."""
    if settings().log_format == "text":
        logger().info("request", **told)
        return
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    sys.stderr.write(orjson.dumps({**told, "event": "request", "level": "info", "timestamp": now}).decode() + "\n")


@cache
def logger() -> Any:
    """The service's logger: one JSON object a line, or readable text (setting log_format)."""
    last: Any = structlog.processors.JSONRenderer(lambda event, **_: orjson.dumps(event, default=str).decode())
    if settings().log_format == "text":
        last = structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    return structlog.get_logger().bind()  # bound once: binding anew costs more than writing
