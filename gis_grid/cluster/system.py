"""The machine around the private cluster: its processes, PostgreSQL's programs, users, ports, refusals."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gis_grid.errors import Unavailable


class Account(NamedTuple):
    """Who a program shall run as."""

    uid: int
    gid: int
    name: str


def number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def not_yours(path: Path) -> Unavailable:
    return refused(
        "not_writable",
        f"{path} belongs to another user or cannot be written. Run as the user who began it, or set GIS_GRID_HOME.",
        "没有读写权限",
    )


def refused(code: str, english: str, chinese: str) -> Unavailable:
    return Unavailable(f"{english} ({chinese})", code=code)


def account(data: Path | None) -> Account | None:
    """Who runs the server when root starts it (the owner of data that exist); none: whoever we are."""
    owner = data.stat() if data else None
    if os.geteuid():
        if owner and owner.st_uid != os.geteuid():
            raise not_yours(Path(str(data)))
        return None
    if owner:
        return Account(owner.st_uid, owner.st_gid, "")
    for name in ("postgres", "gis-grid"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return Account(found.pw_uid, found.pw_gid, name)
    raise refused(
        "no_account",
        "PostgreSQL refuses to run as root and there is no user to run it as. Create one: useradd --system gis-grid",
        "请先创建系统用户 gis-grid",
    )


def programs(version: str | None) -> Path:
    """The folder of PostgreSQL's programs: the version of existing data, else the newest that has PostGIS."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: number(p.parent.name), reverse=True)
    found = shutil.which("pg_config")
    if found:
        folders.append(Path(run([found, "--bindir"], None).stdout.strip()))
    have = []
    for folder in dict.fromkeys(folders):
        if not (folder / "initdb").exists() or not (folder / "pg_config").exists():
            continue
        shown = run([folder / "pg_config", "--version", "--sharedir"], None).stdout.splitlines()
        major = shown[0].split()[1].split(".")[0] if len(shown) == 2 else "0"
        if number(major) >= 15 and (Path(shown[1]) / "extension" / "postgis.control").exists():
            have.append(major)
            if version in (None, major):
                return folder
    if have:
        raise refused(
            "other_version",
            f"The data were made by PostgreSQL {version}, but only {', '.join(have)} with PostGIS is here. "
            f"Install postgresql-{version}-postgis-3.",
            f"请安装 PostgreSQL {version}",
        )
    raise refused(
        "postgresql_missing",
        "PostgreSQL 15 or newer with PostGIS is not installed. On Debian: apt-get install postgresql-15 "
        "postgresql-15-postgis-3; or set DATABASE_URL to a database elsewhere.",
        "请安装 PostgreSQL 与 PostGIS",
    )


def run(command: Sequence[str | Path], account: Account | None, pgdata: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run outside the caller's session, folder and PG* variables; in `pgdata` and as `account` if given."""
    other: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    if pgdata:
        environment["PGDATA"] = str(pgdata)
    return subprocess.run(
        [str(word) for word in command],
        cwd=pgdata or "/",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        umask=0o077,
        check=False,
        **other,
    )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(first: int) -> int:
    return next(port for port in range(first, 65536) if is_free(port))


def write(path: Path, text: str, account: Account | None) -> None:
    """Replace a file at once, readable by its owner only."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if account:
            os.fchown(descriptor, account.uid, account.gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    Path(name).replace(path)


# -- processes: never trust a PID alone, it may belong to somebody else by now


def postmaster(data: Path) -> tuple[int | None, int | None]:
    """PID and port of the running server of this folder, or none."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
        pid = int(lines[0])
    except FileNotFoundError:
        return None, None
    except PermissionError as error:
        raise not_yours(data) from error
    except (ValueError, IndexError):
        return None, None
    if pid not in processes(data):
        return None, None
    return pid, int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None


def processes(data: Path) -> set[int]:
    """The server processes of this folder: the first is known by its arguments, its children by the cluster's name."""
    name = cluster_name(data).encode()
    title, arguments = b"postgres: " + name + b": ", {b"cluster_name=" + name, os.fsencode(data)}
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = entry.read_bytes()
            words = line.split(b"\0")
            if line.startswith(title) or (os.path.basename(words[0]) == b"postgres" and arguments.intersection(words)):
                found.add(int(entry.parent.name))
    return found


def clear_remains(data: Path) -> None:
    """After kill -9: end the orphans, and forget a PID that now belongs to another program of the same user."""
    wait_for(lambda: not processes(data), 2)  # most notice by themselves
    end_processes(data)
    for pid_file in (data / "postmaster.pid", *data.glob(".s.PGSQL.*.lock")):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text("utf-8").splitlines()[0])
            os.kill(pid, 0)
            pid_file.unlink()  # PostgreSQL itself would take that stranger for a running server


def end_processes(data: Path) -> None:
    for number, patience in ((signal.SIGQUIT, 5), (signal.SIGKILL, 10)):
        for pid in processes(data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if wait_for(lambda: not processes(data), patience):
            return
    raise refused("not_stopped", f"Old server processes of {data} do not end: restart the machine.", "旧进程无法结束")


def wait_for(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def cluster_name(data: Path) -> str:
    return f"gis-grid-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
