"""A job that is cancelled stops at once, whatever its connection is doing; one that is done cannot be cancelled any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gis_grid.access.guard import acting
from gis_grid.access.rules import COMMAND
from gis_grid.db import engine, session, transaction
from gis_grid.errors import Conflict
from gis_grid.jobs.actions import KINDS, cancel_job, run_job
from gis_grid.jobs.models import Job


@pytest.fixture
def slow_job(database) -> Iterator[int]:
    """A job that keeps its connection busy for a minute; committed, as a worker finds it, and removed afterwards."""
    KINDS["slow"] = lambda arguments, progress: {"slept": session().scalar(sa.text(f"SELECT pg_sleep({arguments['seconds']})"))}
    with transaction() as own:
        job = Job(kind="slow", arguments={"seconds": 60}, owner="甲", rights=[], scopes=[""])
        own.add(job)
        own.flush()
    yield job.id
    del KINDS["slow"]
    with transaction() as own:
        own.execute(sa.delete(Job).where(Job.id == job.id))


def status(job_id: int) -> str:
    with transaction() as own:
        return str(own.scalar(sa.select(Job.status).where(Job.id == job_id)))


def wish(job_id: int) -> None:
    with transaction(), acting(COMMAND):
        cancel_job(job_id)


def test_a_statement_under_way_is_stopped(slow_job: int) -> None:
    assert isinstance(engine(), sa.Engine)
    worker = threading.Thread(target=run_job, args=(slow_job,))
    began = time.monotonic()
    worker.start()
    while status(slow_job) == "queued":
        time.sleep(0.1)
    wish(slow_job)
    worker.join(timeout=50)
    assert time.monotonic() - began < 50
    assert status(slow_job) == "cancelled"


def test_what_is_done_is_not_cancelled_any_more(slow_job: int) -> None:
    with transaction() as own:
        own.execute(sa.update(Job).where(Job.id == slow_job).values(arguments={"seconds": 0}))
    run_job(slow_job)
    with pytest.raises(Conflict, match="结果已保存"):
        wish(slow_job)
    assert status(slow_job) == "done"
