"""Start, run, watch and cancel jobs. A killed worker loses nothing: its job's transaction is gone and it runs again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import Any

import procrastinate
import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gis_grid import audit
from gis_grid.access.guard import acting, caller
from gis_grid.access.rules import Caller
from gis_grid.db import database_urls, engine, long_engine, raw_connection, session, transaction
from gis_grid.errors import Conflict, GridError, NotFound
from gis_grid.jobs.models import Job
from gis_grid.jobs.watch import Watch
from gis_grid.logs import logger, where_of

Progress = Callable[[int, int | None], None]
Work = Callable[[dict[str, Any], Progress], dict[str, Any]]
KINDS: dict[str, Work] = {}
REGULAR: list[Callable[[], None]] = []
QUEUE, TASK = "gis_grid", "run_job"
MOST_STARTS, RESUME_SECONDS = 2, 30
STOPPED = "任务已按要求取消，未保存任何内容。"
_doing: ContextVar[str | None] = ContextVar("doing", default=None)
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


def now_and_then(work: Callable[[], None]) -> Callable[[], None]:
    """Declare what the job worker does every half minute: see whether something is due. It opens its own transactions."""
    REGULAR.append(work)
    return work


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
    """One's own job; others' only for who manages jobs of that whole scope, otherwise they are not found."""
    job = session().get(Job, job_id)
    if job is None or not (is_own(job) or (caller().may("jobs.manage") and _covers(job))):
        raise NotFound(f"没有编号为 {job_id} 的任务，或不是您提交的。")
    return job


def list_jobs(*, everybodys: bool, status: str | None = None, before_id: int | None = None, most: int = 50) -> list[Job]:
    """One's own jobs, or all within the caller's scope; the newest first, fewer than `most` only at the end."""
    who = caller()
    query = sa.select(Job).order_by(Job.id.desc())
    if not everybodys:
        query = query.where(Job.user_id.is_not_distinct_from(who.user_id), Job.owner == who.name)
    elif "" not in who.scopes:
        scope = sa.func.unnest(Job.scopes).column_valued("scope")
        inside = sa.or_(sa.false(), *(scope.startswith(own, autoescape=True) for own in who.scopes))
        beyond = sa.select(scope).where(sa.not_(inside)).exists()
        query = query.where(sa.func.cardinality(Job.scopes) > 0, sa.not_(beyond))
    if status:
        query = query.where(Job.status == status)
    if before_id:
        query = query.where(Job.id < before_id)
    return list(session().scalars(query.limit(most)))


def is_own(job: Job) -> bool:
    """Whether the caller submitted it."""
    who = caller()
    return (job.user_id, job.owner) == (who.user_id, who.name)


def _covers(job: Job) -> bool:
    return all(any(scope.startswith(own) for own in caller().scopes) for scope in job.scopes or [""])


def cancel_job(job_id: int) -> Job:
    """Ask a job to stop; what it did so far is undone. Until its last moment it can be stopped; then Conflict says it is over."""
    job = find_job(job_id)
    session().refresh(job, with_for_update=True)  # waits for a job that is just being committed
    if job.status not in ("queued", "running"):
        kept = "：已经完成，结果已保存" if job.status == "done" else ""
        raise Conflict(f"任务已结束，不能取消{kept}。", code="job_over")
    job.cancel = True
    if not is_own(job):
        audit.record("cancel", "jobs", job_id, after={"kind": job.kind, "owner": job.owner})
    if job.status == "queued":
        job.status = "cancelled"
    return job


def run_job(job_id: int) -> None:
    """Do one job in one transaction with its owner's rights; keep its report or its refusal."""
    try:
        with transaction(long_engine()) as own:
            if not own.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK, job_id % 2**31))):
                return  # another worker is at it, or its connection has not died yet; resume_jobs comes back
            begun = _begin(job_id)
            if begun is not None:
                _work_on(job_id, *begun)
    except OperationalError:
        logger().error("job_interrupted", job=job_id)  # the database went away: the job stays open and is resumed


def _begin(job_id: int) -> tuple[str, dict[str, Any], Caller] | None:
    """Mark a job as running, in a transaction of its own; None when there is nothing to do, or nothing more to try."""
    with transaction() as own:
        job = own.get(Job, job_id, with_for_update=True)
        if job is None or job.status not in ("queued", "running"):
            return None
        if job.cancel or job.starts >= MOST_STARTS:
            job.status = "cancelled" if job.cancel else "failed"
            job.message = STOPPED if job.cancel else "任务两次中断，已停止：文件可能已损坏或过大。"
            job.ended_at = sa.func.clock_timestamp()
            return None
        job.status, job.started_at, job.starts = "running", sa.func.clock_timestamp(), job.starts + 1
        who = Caller(job.owner, frozenset(job.rights), tuple(job.scopes), user_id=job.user_id)
        return job.kind, job.arguments, who


def _work_on(job_id: int, kind: str, arguments: dict[str, Any], who: Caller) -> None:
    try:
        with session().begin_nested():
            report = _watched(job_id, kind, arguments, who)
        _end(job_id, "done", None, report)
    except GridError as refused:
        status = "cancelled" if isinstance(refused, Cancelled) else "refused"
        _end(job_id, status, refused.detail, refused.extra.get("report"))
    except OperationalError:
        raise
    except Exception as fault:
        logger().error("job_failed", job=job_id, kind=kind, fault=type(fault).__name__, where=where_of(fault))
        _end(job_id, "failed", "任务出错，已全部撤销；请把任务编号告诉管理员。", None)


def _watched(job_id: int, kind: str, arguments: dict[str, Any], who: Caller) -> dict[str, Any]:
    """The job's report. Whoever asks to cancel is heard whatever it is doing, up to the very end; then nobody can any more."""
    doing, watch = _doing.set(None), Watch(job_id, raw_connection())
    try:
        with acting(who), watch:
            report = KINDS[kind](arguments, _progress_of(job_id))
    except (OperationalError, psycopg.errors.QueryCanceled):
        if not watch.asked:
            raise
        raise Cancelled(STOPPED) from None
    finally:
        _doing.reset(doing)
    if session().scalar(sa.select(Job.cancel).where(Job.id == job_id).with_for_update()):
        raise Cancelled(STOPPED)
    return report


def now_doing(what: str) -> None:
    """Tell in words what the running job is at, beside its numbers; nothing outside a job."""
    _doing.set(what)


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
    threading.Thread(target=_resume_now_and_then, daemon=True).start()
    queue().run_worker(queues=[QUEUE], concurrency=1, name="gis-grid", delete_jobs="always")


def _resume_now_and_then() -> None:
    """At the start and every half minute: what was left open by a killed worker or a lost database."""
    while True:
        for work in (resume_jobs, *REGULAR):
            try:
                work()
            except Exception as fault:  # the database may be away just now
                logger().warning("resume_failed", work=work.__name__, fault=type(fault).__name__, where=where_of(fault))
        time.sleep(RESUME_SECONDS)


def _defer(job_id: int) -> None:
    url = database_urls()[1].replace("postgresql+psycopg://", "postgresql://")
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url, min_size=1, max_size=1))
    with app.open():
        try:
            app.configure_task(TASK, queue=QUEUE, queueing_lock=str(job_id)).defer(job_id=job_id)
        except procrastinate.exceptions.AlreadyEnqueued:
            return


def _progress_of(job_id: int) -> Progress:
    last, said = 0.0, None

    def tell(done: int, total: int | None) -> None:
        nonlocal last, said
        if time.monotonic() - last < 0.5 and said == _doing.get():
            return
        last, said = time.monotonic(), _doing.get()
        told = sa.update(Job).where(Job.id == job_id).values(done=done, total=total, message=said)
        with Session(engine()) as own, own.begin():
            asked = own.scalar(told.returning(Job.cancel))
        if asked:
            raise Cancelled(STOPPED)

    return tell


def _end(job_id: int, status: str, message: str | None, report: dict[str, Any] | None) -> None:
    ended = {"status": status, "message": message, "report": report, "ended_at": sa.func.clock_timestamp()}
    session().execute(sa.update(Job).where(Job.id == job_id).values(ended))
