"""Start, run, watch and cancel jobs. A killed worker loses nothing: its job's transaction is gone and it runs again."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import procrastinate
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gis_grid.access.guard import acting, caller
from gis_grid.access.rules import Caller
from gis_grid.db import database_urls, engine, long_engine, session, transaction
from gis_grid.errors import Conflict, GridError, NotFound
from gis_grid.jobs.models import Job
from gis_grid.logs import logger

Progress = Callable[[int, int | None], None]
Work = Callable[[dict[str, Any], Progress], dict[str, Any]]
KINDS: dict[str, Work] = {}
QUEUE, TASK = "gis_grid", "run_job"
_LOCK = 0x6A6F62  # first half of the advisory lock that one worker holds per job


class Cancelled(GridError):
    """The owner took the job back."""

    status, code, title = 409, "cancelled", "已取消"


def job_kind(name: str) -> Callable[[Work], Work]:
    """Declare a kind of job: a function of its arguments and progress(done, total) that answers a report."""

    def keep(work: Work) -> Work:
        KINDS[name] = work
        return work

    return keep


def start_job(kind: str, arguments: dict[str, Any]) -> Job:
    """A queued job with the caller's rights and scope; it goes to the queue when this transaction is committed."""
    who = caller()
    job = Job(
        kind=kind,
        arguments=arguments,
        owner=who.name,
        user_id=who.user_id,
        rights=sorted(who.rights),
        scopes=list(who.scopes),
    )
    session().add(job)
    session().flush()
    sa.event.listen(session(), "after_commit", lambda _: _defer(job.id), once=True)
    return job


def find_job(job_id: int) -> Job:
    """One's own job; others' are not found."""
    job = session().get(Job, job_id)
    who = caller()
    if job is None or (job.user_id, job.owner) != (who.user_id, who.name):
        raise NotFound(f"没有编号为 {job_id} 的任务，或不是您提交的。")
    return job


def cancel_job(job_id: int) -> Job:
    """Ask a job to stop; what it did so far is undone."""
    job = find_job(job_id)
    if job.status not in ("queued", "running"):
        raise Conflict("任务已结束，不能取消。", code="job_over")
    job.cancel = True
    if job.status == "queued":
        job.status = "cancelled"
    return job


def run_job(job_id: int) -> None:
    """Do one job in one transaction with its owner's rights; keep its report or its refusal."""
    with transaction() as own:
        job = own.get(Job, job_id, with_for_update=True)
        if job is None or job.status not in ("queued", "running"):
            return
        job.status, job.started_at = "running", sa.func.clock_timestamp()
        kind, arguments = job.kind, job.arguments
        who = Caller(job.owner, frozenset(job.rights), tuple(job.scopes), user_id=job.user_id)
    try:
        with transaction(long_engine()) as own, acting(who):
            if not own.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK, job_id))):
                return  # another worker is at it
            report = KINDS[kind](arguments, _progress_of(job_id))
            _end(job_id, "done", None, report)
    except GridError as refused:
        status = "cancelled" if isinstance(refused, Cancelled) else "refused"
        with transaction():
            _end(job_id, status, refused.detail, refused.extra.get("report"))
    except Exception:
        logger().exception("job_failed", job=job_id, kind=kind)
        with transaction():
            _end(job_id, "failed", "任务出错，已全部撤销；请把任务编号告诉管理员。", None)


def resume_jobs() -> int:
    """Queue again what a killed worker or a lost queue entry left behind; answers how many."""
    with transaction() as own:
        left = list(own.scalars(sa.select(Job.id).where(Job.status.in_(("queued", "running"))).order_by(Job.id)))
    for job_id in left:
        _defer(job_id)
    return len(left)


@cache
def queue() -> procrastinate.App:
    """The queue with its one task; its connector opens at first use."""
    url = database_urls()[1].replace("postgresql+psycopg://", "postgresql://")
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=2))
    app.task(name=TASK, queue=QUEUE)(run_job)
    return app


def work_forever() -> None:
    """The worker process: resumes what was left, then takes jobs one at a time until it is told to stop."""
    resume_jobs()
    queue().run_worker(queues=[QUEUE], concurrency=1, name="gis-grid", delete_jobs="always")


def _defer(job_id: int) -> None:
    url = database_urls()[1].replace("postgresql+psycopg://", "postgresql://")
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url, min_size=1, max_size=1))
    with app.open():
        try:
            app.configure_task(TASK, queue=QUEUE, queueing_lock=str(job_id)).defer(job_id=job_id)
        except procrastinate.exceptions.AlreadyEnqueued:
            return


def _progress_of(job_id: int) -> Progress:
    last = 0.0

    def tell(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last < 0.5:
            return
        last = time.monotonic()
        with Session(engine()) as own, own.begin():
            asked = own.scalar(sa.update(Job).where(Job.id == job_id).values(done=done, total=total).returning(Job.cancel))
        if asked:
            raise Cancelled("任务已按要求取消，未保存任何内容。")

    return tell


def _end(job_id: int, status: str, message: str | None, report: dict[str, Any] | None) -> None:
    ended = {"status": status, "message": message, "report": report, "ended_at": sa.func.clock_timestamp()}
    session().execute(sa.update(Job).where(Job.id == job_id).values(ended))
