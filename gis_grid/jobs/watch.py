"""Looks whether a running job is to stop, and stops what its connection is doing just then: a long merge too."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gis_grid.db import engine
from gis_grid.jobs.models import Job
from gis_grid.logs import logger

LOOK_SECONDS = 1.0


class Watch:
    """While it is entered, a wish to cancel stops the statement under way, and the next one, until the work ends.

    `asked` tells afterwards whether that was wished; what was done until then has to be undone.
    """

    def __init__(self, job_id: int, connection: psycopg.Connection[Any]) -> None:
        self.asked = False
        self._job_id, self._connection = job_id, connection
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"watch-{job_id}", daemon=True)

    def __enter__(self) -> Watch:
        if isinstance(engine(), sa.Engine):  # a test's one connection cannot be asked from beside
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()  # from here on nothing of the connection is stopped any more

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            try:
                with Session(engine()) as own:
                    self.asked = bool(own.scalar(sa.select(Job.cancel).where(Job.id == self._job_id)))
                if self.asked and not self._over.is_set():
                    self._connection.cancel_safe(timeout=5)
            except (sa.exc.SQLAlchemyError, psycopg.Error) as fault:  # the database may be away just now
                logger().warning("watch_failed", job=self._job_id, fault=type(fault).__name__)
