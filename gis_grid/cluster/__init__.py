"""The private PostgreSQL + PostGIS that needs no administrator: made at first start, reachable from this machine only.

Passwords and port lie in `home/postgres.json` (0600), the data in `home/postgres/`. PostgreSQL refuses to run as root:
started by root, the server runs as `postgres` (or `gis-grid`), and where that user may not enter `home` the data lie in
/var/lib/gis-grid/. All public functions raise `Unavailable` with a sentence that says what to do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from gis_grid.cluster import data, system
from gis_grid.cluster.data import APP, DATABASE, OWNER, Record, Say, Urls
from gis_grid.config import Settings

EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
RECOVERY_SECONDS = 900  # after a crash the log is replayed first: minutes on a slow disk


@dataclass(frozen=True)
class Cluster:
    """A running cluster; `started` is false when it was found running. Its text form keeps the passwords back."""

    directory: Path
    port: int
    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)
    started: bool


@dataclass(frozen=True)
class Status:
    """What is known without touching anything; `pid` and `running` speak of the server process."""

    exists: bool
    running: bool
    directory: Path
    port: int | None
    pid: int | None
    version: str | None


def start(settings: Settings, say: Say | None = None) -> Cluster:
    """The running cluster of this installation, made and started as needed; safe to call from many processes."""
    return _start(settings.home, settings.db_port, say or _to_stderr)


def stop(settings: Settings, timeout_seconds: float = 60) -> bool:
    """Stop the server (open sessions are ended, nothing committed is lost); false when it was not running."""
    return _stop(settings.home, timeout_seconds)


def status(settings: Settings) -> Status:
    """What is there now; changes nothing."""
    home = settings.home.resolve()
    record = data.read(home)
    if record is None:
        return Status(False, False, home / "postgres", settings.db_port, None, None)
    pid, port = system.postmaster(record.data)
    return Status(True, pid is not None, record.data, port or record.port, pid, data.data_version(record.data))


def urls(settings: Settings) -> Urls | None:
    """The two addresses if the cluster was ever made, running or not: the service's through the local socket, if that is open."""
    record = data.read(settings.home.resolve())
    if record is None:
        return None
    near = record.socket is not None and os.access(record.socket, os.W_OK)
    return record.urls._replace(app=record.near_url) if near else record.urls


def disposable(directory: Path, say: Say | None = None) -> Cluster:
    """A running throwaway cluster for tests, with `directory` as its home: fast, not durable, ended by `destroy`."""
    return _start(directory, None, say or _to_stderr, throwaway=True)


def destroy(directory: Path) -> None:
    """Stop and delete the throwaway cluster made by `disposable(directory)`; refuses any other."""
    home = directory.resolve()
    record = data.read(home)
    if record is None:
        return
    if not record.throwaway:
        raise system.refused("not_disposable", f"{record.data} is not a disposable test cluster: not deleted.", "拒绝删除")
    _stop(home, 1)
    shutil.rmtree(record.data, ignore_errors=True)
    (home / "postgres.json").unlink()


def _start(home: Path, wanted_port: int | None, say: Say, throwaway: bool = False) -> Cluster:
    with data.locked(home := home.resolve()):
        record = data.read(home) or data.new_record(home, wanted_port, say, throwaway)
        if record.throwaway != throwaway:
            raise system.refused("other_kind", f"{home} holds another kind of cluster: use another folder.", "请换目录")
        deadline, launches, started = time.monotonic() + RECOVERY_SECONDS, 0, False
        while True:
            pid, port = system.postmaster(record.data)
            if pid is None:
                launches += 1
                record, started = _launch(record, wanted_port, last=launches > 5), True
            elif port and port != record.port:
                record = replace(record, port=port)
                data.write_record(record)
            if _is_ready(record):
                break
            if time.monotonic() > deadline:
                raise system.refused("not_ready", f"The database did not get ready: see {record.data}/log.", "数据库未就绪")
            time.sleep(0.1)
        if not record.prepared:
            _prepare(record)
            record = replace(record, prepared=True)
            data.write_record(record)
        return Cluster(record.data, record.port, *record.urls, started=started)


def _launch(record: Record, wanted_port: int | None, last: bool) -> Record:
    """Start the server; the port may still move while nobody has been told it (two first starts may race for it)."""
    data.sweep(record)
    if not record.data.exists() or not any(record.data.iterdir()):
        if record.prepared:
            raise system.refused(
                "data_missing",
                f"The database folder {record.data} is gone. Put it back, or delete {record.home}/postgres.json to "
                "begin with an empty database.",
                "数据目录不见了",
            )
        data.make_data(record)
    account = system.account(record.data)
    programs = system.programs(data.data_version(record.data))
    system.clear_remains(record.data)
    port = wanted_port or record.port
    if not system.is_free(port):
        if record.prepared or wanted_port or last:
            raise system.refused(
                "port_taken",
                f"Port {port} is used by another program. Stop it, or set GIS_GRID_DB_PORT to a free port.",
                f"端口 {port} 已被占用,请设置 GIS_GRID_DB_PORT",
            )
        port = system.free_port(port)
    if port != record.port:
        record = replace(record, port=port)
        data.write_record(record)
    system.write(record.data / "gis_grid.conf", data.configuration(record), account)
    system.write(record.data / "pg_hba.conf", data.HBA, account)
    system.write(record.data / "startup.log", "", account)
    # Places go by PGDATA and the working folder: pg_ctl would put a -D or -l unquoted through a shell ("$" in names).
    options = f"-p {port} -c cluster_name={system.cluster_name(record.data)}"
    command = ["start", "-s", "-w", "-t", str(RECOVERY_SECONDS), "-l", "startup.log", "-o", options]
    result = system.run([programs / "pg_ctl", *command], account, pgdata=record.data)
    if result.returncode and system.is_free(port):
        words = f"{result.stderr.strip()} {data.last_words(record.data)}"
        raise system.refused("start_failed", f"PostgreSQL did not start: {words}", "数据库启动失败")
    return record


def _is_ready(record: Record) -> bool:
    """Whether the server answers; not while it still recovers or just stops."""
    try:
        _connect(record, "postgres").close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise system.refused(
                "password_refused",
                f"The database in {record.data} refuses the password in {record.home}/postgres.json. "
                "Put both back from the same backup.",
                "数据库口令不符",
            ) from error
        return False
    return True


def _prepare(record: Record) -> None:
    """Roles, database and extensions; may be repeated after an interruption."""
    with _connect(record, "postgres") as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP]).fetchone():
            verifier = connection.pgconn.encrypt_password(record.app_password.encode(), APP.encode(), b"scram-sha-256")
            role, password = sql.Identifier(APP), sql.Literal(verifier.decode())
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, password))
        # A refused statement may quote a person's data in its message: the service reports its own errors.
        connection.execute(sql.SQL("ALTER ROLE {} SET log_min_messages = 'log'").format(sql.Identifier(APP)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            names = sql.Identifier(DATABASE), sql.Identifier(OWNER)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))
    with _connect(record, DATABASE) as connection:
        for extension in EXTENSIONS:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))


def _connect(record: Record, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host="127.0.0.1",
        port=record.port,
        user=OWNER,
        password=record.owner_password,
        dbname=database,
        connect_timeout=10,
        sslmode="disable",
        gssencmode="disable",
        autocommit=True,
    )


def _stop(home: Path, timeout_seconds: float) -> bool:
    record = data.read(home := home.resolve())
    if record is None:
        return False
    with data.locked(home):
        pid, _ = system.postmaster(record.data)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            system.wait_for(lambda: not system.processes(record.data), timeout_seconds)
        system.end_processes(record.data)
        return pid is not None


def _to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr)
