"""The private cluster against real PostgreSQL: what an office computer does to it, power cuts included."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gis_grid import cluster
from gis_grid.cluster import data, system
from gis_grid.config import PROJECT, Settings
from gis_grid.errors import Unavailable

IS_ROOT = os.geteuid() == 0
START = "from gis_grid import cluster\nfrom gis_grid.config import Settings\nprint(cluster.start(Settings()).started)"


def _folder() -> Path:
    """A folder any user may enter, named as people here name folders, and worse."""
    top = Path(tempfile.mkdtemp(prefix="网格 数据 $x'"))
    top.chmod(0o755)
    return top


def _port() -> int:
    return system.free_port(random.randrange(30_000, 32_000))  # apart from those of other test processes


def _settings(home: Path, port: int | None = None) -> Settings:
    return Settings(home=home, db_port=port)


def _end(home: Path) -> None:
    with contextlib.suppress(Unavailable):
        cluster.stop(_settings(home), timeout_seconds=1)
    record = data.read(home)
    if record:
        shutil.rmtree(record.data, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A durable cluster, shared by the tests that leave it usable."""
    top = _folder()
    cluster.start(_settings(top, _port()))
    yield top
    _end(top)


@pytest.fixture
def empty() -> Iterator[Path]:
    top = _folder()
    yield top
    _end(top)


def _connect(home: Path, user: str = data.OWNER) -> psycopg.Connection:
    record = data.read(home)
    assert record
    password = record.owner_password if user == data.OWNER else record.app_password
    return psycopg.connect(
        host="127.0.0.1", port=record.port, user=user, password=password, dbname=data.DATABASE, autocommit=True
    )


def _values(home: Path, query: str, user: str = data.OWNER) -> list:
    with _connect(home, user) as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


def _run(home: Path, python: str = sys.executable, **options: object) -> subprocess.Popen[str]:
    path = f"{PROJECT}:{sysconfig.get_path('purelib')}"
    environment = {**os.environ, "GIS_GRID_HOME": str(home), "PYTHONPATH": path, "PGDATA": "/nowhere"}
    environment["GIS_GRID_DB_PORT"] = str(_port())
    options |= {"env": environment, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([python, "-c", START], **options)


def _until(done: Callable[[], object]) -> None:
    assert system.wait_for(lambda: bool(done()), 20)


def _refusal(call: Callable[[], object], code: str) -> str:
    with pytest.raises(Unavailable) as caught:
        call()
    assert caught.value.code == code, caught.value.detail
    return caught.value.detail


# -- what is made


def test_the_database_has_what_the_migrations_need(home: Path) -> None:
    extensions = set(_values(home, "SELECT extname FROM pg_extension"))
    assert {"postgis", "btree_gist", "pg_trgm"} <= extensions
    owner = "SELECT rolsuper::text FROM pg_roles WHERE rolname IN ('gis_grid_owner', 'gis_grid_app') ORDER BY rolname"
    assert _values(home, owner) == ["false", "true"]
    assert _values(home, "SELECT current_database()::text", data.APP) == ["gis_grid"]


def test_codes_sort_by_bytes_and_chinese_letters_are_letters(home: Path) -> None:
    codes = "SELECT code FROM unnest(ARRAY['a-1', 'B', 'a1', '一', 'é']) AS code ORDER BY code"
    assert _values(home, codes) == ["B", "a-1", "a1", "é", "一"]
    assert _values(home, "SELECT cardinality(show_trgm('网格员'))")[0] > 0


def test_it_is_durable_and_only_reachable_on_this_machine_with_a_password(home: Path) -> None:
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": f'"{data.read(home).data}"',
        "password_encryption": "scram-sha-256",
        "jit": "off",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
    }
    names = ", ".join(f"'{name}'" for name in wanted)
    with _connect(home) as connection:
        rows = connection.execute(f"SELECT name, setting FROM pg_settings WHERE name IN ({names})").fetchall()
        methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert dict(rows) == wanted
    assert methods == [("scram-sha-256",)]


def test_passwords_are_nowhere_but_in_the_protected_file(home: Path) -> None:
    record = data.read(home)
    assert record
    assert stat.S_IMODE((home / "postgres.json").stat().st_mode) == 0o600
    for password in (record.owner_password, record.app_password):
        lines = [entry.read_bytes() for entry in Path("/proc").glob("[0-9]*/cmdline") if entry.exists()]
        assert not any(password.encode() in line for line in lines)
        files = [*record.data.glob("*.conf"), *record.data.glob("log/*"), *record.data.glob("*.opts")]
        assert files
        assert not any(password in file.read_text() for file in files)
        assert password not in repr(cluster.start(_settings(home))) + repr(record)
    urls = cluster.urls(_settings(home))
    assert urls
    assert urls.owner == f"postgresql+psycopg://gis_grid_owner:{record.owner_password}@127.0.0.1:{record.port}/gis_grid"


def test_the_service_asks_through_the_local_socket(home: Path) -> None:
    record, urls = data.read(home), cluster.urls(_settings(home))
    assert record
    assert urls
    near = urls.app.replace("+psycopg", "")
    with psycopg.connect(near) as connection:
        assert connection.execute("SELECT current_user, inet_server_addr()").fetchone() == (data.APP, None)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(near.replace(record.app_password, "wrong")).close()
    assert stat.S_IMODE(record.data.stat().st_mode) == 0o700


def test_what_people_typed_does_not_reach_the_log(home: Path) -> None:
    record = data.read(home)
    assert record
    for query, values in (("SELECT '330106199001011234'::date", None), ("SELECT %s::text::int", ["张三丰"])):
        with _connect(home, data.APP) as connection, pytest.raises(psycopg.Error):
            connection.execute(query, values)
    log = "".join(file.read_text() for file in record.data.glob("log/*"))
    assert log
    assert not {typed for typed in ("330106199001011234", "张三丰") if typed in log}


# -- starting and stopping


def test_a_second_start_finds_it_running_and_stop_says_whether_it_was(home: Path) -> None:
    settings = _settings(home)
    first = cluster.status(settings)
    assert (first.exists, first.running, first.version is not None) == (True, True, True)
    assert cluster.start(settings).started is False
    assert cluster.stop(settings) is True
    assert cluster.stop(settings) is False
    assert cluster.status(settings).running is False
    again = cluster.start(settings)
    assert (again.started, again.port) == (True, first.port)


def test_the_server_outlives_its_starter_and_holds_no_pipe(home: Path) -> None:
    cluster.stop(_settings(home))
    starter = _run(home, cwd=home)
    assert starter.communicate(timeout=30)[0] == "True\n"  # returns: nobody else holds the pipe
    status = cluster.status(_settings(home))
    assert status.pid
    assert os.getsid(status.pid) not in (os.getsid(0), starter.pid)


def test_two_first_starts_at_once_make_one_cluster(empty: Path) -> None:
    both = [_run(empty), _run(empty)]
    answers = sorted(process.communicate(timeout=60)[0] for process in both)
    assert answers == ["False\n", "True\n"]


def test_the_first_port_moves_on_when_it_is_taken(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", _port())) as taken:
        monkeypatch.setattr(data, "FIRST_PORT", taken.getsockname()[1])
        record = data.new_record(empty, None, print, throwaway=False)
    assert record.port > data.FIRST_PORT


def test_a_moved_project_finds_its_data(home: Path) -> None:
    with _connect(home) as connection:
        connection.execute("CREATE TABLE moved AS SELECT 7 AS n")
    cluster.stop(_settings(home))
    moved = home.with_name(home.name + " 新")
    home.rename(moved)
    try:
        cluster.start(_settings(moved))
        assert _values(moved, "SELECT n FROM moved") == [7]
    finally:
        cluster.stop(_settings(moved))
        moved.rename(home)
        cluster.start(_settings(home))


# -- accidents


def test_a_killed_server_with_a_busy_orphan_comes_back_with_all_that_was_committed(home: Path) -> None:
    with _connect(home) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    before = len(_values(home, "SELECT n FROM kept"))
    busy = threading.Thread(target=_until_killed, args=(home,))
    busy.start()
    _until(lambda: _values(home, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%%billion%%' AND state = 'active'"))
    pid = cluster.status(_settings(home)).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert cluster.start(_settings(home)).started
    busy.join()
    assert len(_values(home, "SELECT n FROM kept")) == before


def _until_killed(home: Path) -> None:
    with contextlib.suppress(psycopg.Error), _connect(home) as connection:
        connection.execute("SELECT count(*) AS billion FROM generate_series(1, 2) a, generate_series(1, 1000000000) b")


def test_a_stale_pid_that_belongs_to_another_program_by_now_does_not_stop_the_start(home: Path) -> None:
    status = cluster.status(_settings(home))
    assert status.pid
    pid_file = status.directory / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    owner = status.directory.stat().st_uid
    for pid in system.processes(status.directory):
        with contextlib.suppress(ProcessLookupError):  # a child may have gone by itself
            os.kill(pid, signal.SIGKILL)
    with subprocess.Popen(["sleep", "60"], user=owner if IS_ROOT else None) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert cluster.stop(_settings(home)) is False
        assert cluster.start(_settings(home)).started
        assert stranger.poll() is None
        stranger.kill()


def test_an_interrupted_first_start_leaves_nothing_half_made(empty: Path) -> None:
    starter = _run(empty, start_new_session=True)
    _until(lambda: list(empty.glob("postgres.new-*/data/global")))
    os.killpg(starter.pid, signal.SIGKILL)
    starter.communicate()
    assert not (empty / "postgres").exists()
    settings = _settings(empty, _port())
    cluster.start(settings)
    assert _values(empty, "SELECT 1") == [1]
    # The orphaned initdb may still write for a second; a later start has swept it away.
    _until(lambda: cluster.stop(settings) and cluster.start(settings) and not list(empty.glob("postgres.new-*")))


def test_a_start_interrupted_before_the_extensions_is_completed(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "EXTENSIONS", ("pg_trgm", "no_such_extension"))
    with pytest.raises(psycopg.Error):
        cluster.disposable(empty)
    monkeypatch.undo()
    assert cluster.disposable(empty).started is False
    assert "postgis" in _values(empty, "SELECT extname FROM pg_extension")
    cluster.destroy(empty)
    assert not (empty / "postgres").exists()


# -- refusals


def test_a_port_taken_by_another_program_is_named_with_the_setting_that_helps(home: Path) -> None:
    cluster.stop(_settings(home))
    with socket.create_server(("127.0.0.1", _port())) as taken:
        port = taken.getsockname()[1]
        detail = _refusal(lambda: cluster.start(_settings(home, port)), "port_taken")
    assert str(port) in detail
    assert "GIS_GRID_DB_PORT" in detail
    assert cluster.start(_settings(home)).started


def test_a_foreign_folder_and_lost_passwords_are_not_overwritten(empty: Path) -> None:
    (empty / "postgres").mkdir()
    (empty / "postgres" / "照片.jpg").write_text("x")
    assert "照片" not in _refusal(lambda: cluster.start(_settings(empty)), "directory_taken")
    (empty / "postgres" / "PG_VERSION").write_text("15\n")
    assert "postgres.json" in _refusal(lambda: cluster.start(_settings(empty)), "directory_taken")
    assert (empty / "postgres" / "照片.jpg").exists()


def _pretend(folder: Path, **more: object) -> None:
    known = {"home": str(folder), "directory": "postgres", "port": 1, "owner_password": "a", "app_password": "b"}
    (folder / "postgres.json").write_text(json.dumps({**known, "prepared": True, **more}))


def test_data_of_another_version_missing_data_and_a_damaged_file_are_said_plainly(empty: Path) -> None:
    _pretend(empty)
    _refusal(lambda: cluster.start(_settings(empty)), "data_missing")
    (empty / "postgres").mkdir()
    (empty / "postgres" / "PG_VERSION").write_text("9\n")
    assert "postgresql-9-postgis-3" in _refusal(lambda: cluster.start(_settings(empty)), "other_version")
    (empty / "postgres.json").write_text("{")
    _refusal(lambda: cluster.start(_settings(empty)), "record_damaged")
    (empty / "postgres.json").unlink()


def test_a_copied_project_never_shares_the_data_of_the_first(empty: Path) -> None:
    first, second = empty / "a", empty / "b"
    first.mkdir()
    second.mkdir()
    _pretend(first, directory="/var/lib/gis-grid/0")
    _pretend(second, home=str(first), directory="/var/lib/gis-grid/0")
    _refusal(lambda: cluster.start(_settings(second)), "copied_home")


def test_only_disposable_clusters_are_destroyed(home: Path) -> None:
    _refusal(lambda: cluster.destroy(home), "not_disposable")
    _refusal(lambda: cluster.disposable(home), "other_kind")
    assert _values(home, "SELECT 1") == [1]


# -- users


def _python_for(user: int) -> str:
    """An interpreter of our version that the user can start: not one in root's home."""
    code = f"import sys, psycopg; sys.exit(sys.version_info[:2] != {sys.version_info[:2]!r})"
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            path = {"PYTHONPATH": sysconfig.get_path("purelib")}
            if subprocess.run([python, "-c", code], user=user, cwd="/", env=path, check=False).returncode == 0:
                return python
    pytest.skip("an ordinary user cannot read this checkout or its Python")


@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
def test_an_ordinary_user_runs_it_and_another_is_refused(empty: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    python = _python_for(nobody.pw_uid)
    os.chown(empty, nobody.pw_uid, nobody.pw_gid)
    who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}
    answer, errors = _run(empty, python, **who).communicate(timeout=60)
    assert answer == "True\n", errors
    status = cluster.status(_settings(empty))  # root may look at it, and finds it running
    assert status.running
    assert status.directory.stat().st_uid == nobody.pw_uid
    assert cluster.start(_settings(empty)).started is False
    cluster.stop(_settings(empty))
    assert cluster.start(_settings(empty)).started  # by root, but as its owner
    postgres = pwd.getpwnam("postgres")
    _, errors = _run(empty, python, user=postgres.pw_uid, group=postgres.pw_gid, cwd="/").communicate(timeout=60)
    assert "belongs to another user" in errors


@pytest.mark.skipif(not IS_ROOT, reason="an ordinary user may always enter his own folder")
def test_where_the_server_may_not_enter_the_data_lie_elsewhere_and_it_says_so(empty: Path) -> None:
    empty.chmod(0o700)
    said: list[str] = []
    made = cluster.disposable(empty / "x", say=said.append)
    try:
        assert made.directory.parent == data.SYSTEM_PLACE
        assert str(made.directory) in said[0]
        assert stat.S_IMODE(empty.stat().st_mode) == 0o700
        assert cluster.disposable(empty / "x", say=said.append).started is False
        assert len(said) == 1
    finally:
        cluster.destroy(empty / "x")
    assert not made.directory.exists()
