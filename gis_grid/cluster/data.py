"""What the private cluster keeps: postgres.json (place, port, passwords), the data folder, its configuration."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

from gis_grid.cluster import system

OWNER, APP, DATABASE = "gis_grid_owner", "gis_grid_app", "gis_grid"
FIRST_PORT = 55432
LONGEST_SOCKET = 103  # bytes, on the narrowest system
HBA = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
SYSTEM_PLACE = Path("/var/lib/gis-grid")

Say = Callable[[str], None]


class Urls(NamedTuple):
    """SQLAlchemy addresses: `owner` for migrations, `app` for the service."""

    owner: str
    app: str


@dataclass(frozen=True)
class Record:
    """postgres.json. `directory` is relative to home where it can be, so that a moved project finds its data."""

    home: str
    directory: str
    port: int
    owner_password: str = field(repr=False)
    app_password: str = field(repr=False)
    prepared: bool = False  # data, roles and extensions were once complete
    throwaway: bool = False

    @property
    def data(self) -> Path:
        return Path(self.home) / self.directory

    @property
    def urls(self) -> Urls:
        return Urls(self._url(OWNER, self.owner_password), self._url(APP, self.app_password))

    @property
    def socket(self) -> Path | None:
        """The local socket, in the data folder (nobody else may enter it); none where its path is longer than systems allow."""
        place = self.data / f".s.PGSQL.{self.port}"
        return place if len(os.fsencode(place)) <= LONGEST_SOCKET else None

    @property
    def near_url(self) -> str:
        """The service's address through the local socket: a short question costs less than through 127.0.0.1."""
        there = {"host": self.data, "port": self.port}
        return f"{self._url(APP, self.app_password, '')}?{urlencode(there, quote_via=quote)}"

    def _url(self, user: str, password: str, place: str | None = None) -> str:
        where = f"127.0.0.1:{self.port}" if place is None else place
        return f"postgresql+psycopg://{user}:{quote(password, safe='')}@{where}/{DATABASE}"


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise system.not_yours(home) from error
    with os.fdopen(descriptor) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        except PermissionError as error:
            raise system.not_yours(Path(error.filename or home)) from error


def new_record(home: Path, wanted_port: int | None, say: Say, throwaway: bool) -> Record:
    system.programs(None)
    account, directory = system.account(None), "postgres"
    if account and system.run(["test", "-x", home], account).returncode:
        directory = str(SYSTEM_PLACE / hashlib.sha256(os.fsencode(home)).hexdigest()[:12])
        say(f"User {account.name}, who runs PostgreSQL, may not enter {home}: the data lie in {directory}.")
    data = home / directory
    if data.exists() and any(data.iterdir()):
        what = "has lost its password file postgres.json" if data_version(data) else "is not a database of GIS Grid"
        raise system.refused(
            "directory_taken",
            f"The folder {data} {what}. Put that file back, or move the folder away, or set GIS_GRID_HOME.",
            "目录已被占用",
        )
    first = random.randrange(20_000, 30_000) if throwaway else FIRST_PORT  # noqa: S311 - no secret, fewer races
    record = Record(
        home=str(home),
        directory=directory,
        port=wanted_port or system.free_port(first),
        owner_password=secrets.token_urlsafe(32),
        app_password=secrets.token_urlsafe(32),
        throwaway=throwaway,
    )
    write_record(record)
    return record


def read(home: Path) -> Record | None:
    try:
        known = json.loads((home / "postgres.json").read_text("utf-8"))
        record = Record(**known)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise system.not_yours(home) from error
    except (ValueError, TypeError) as error:
        raise system.refused("record_damaged", f"{home}/postgres.json is damaged: put it back.", "口令文件已损坏") from error
    before = Path(record.home)
    if before != home and Path(record.directory).is_absolute() and os.path.exists(before / "postgres.json"):
        raise system.refused(
            "copied_home",
            f"{home} is a copy of {before} and would share its data. Delete {home}/postgres.json to begin empty.",
            "此目录是副本",
        )
    return replace(record, home=str(home))


def write_record(record: Record) -> None:
    system.write(Path(record.home) / "postgres.json", json.dumps(asdict(record), indent=1, ensure_ascii=False), None)


def sweep(record: Record) -> None:
    """Remove what an interrupted `make_data` left (also while its orphaned initdb still writes: then again later)."""
    for remains in record.data.parent.glob(f"{record.data.name}.new-*"):
        shutil.rmtree(remains, ignore_errors=True)


def make_data(record: Record) -> None:
    """initdb beside the final place, then one rename: an interrupted start leaves nothing half-made behind."""
    data = record.data
    programs, account = system.programs(None), system.account(None)
    try:
        if data.parent == SYSTEM_PLACE and not SYSTEM_PLACE.exists():
            SYSTEM_PLACE.mkdir(parents=True)
            SYSTEM_PLACE.chmod(0o755)  # root's umask may say otherwise
        work = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=data.parent))
    except OSError as error:
        raise system.not_yours(data.parent) from error
    try:
        if account:
            os.chown(work, account.uid, account.gid)
        system.write(work / "password", record.owner_password + "\n", account)
        command: list[str | Path] = [programs / "initdb", "-D", work / "data", "-U", OWNER]
        # Codes sort by bytes; letters of all scripts are still letters (trigram search on Chinese names needs that).
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--lc-collate=C", "--auth=scram-sha-256"]
        command += ["--data-checksums", f"--pwfile={work / 'password'}", *(["--no-sync"] if record.throwaway else [])]
        result = system.run(command, account)
        if result.returncode:
            words = " ".join(result.stderr.split())[-500:]
            raise system.refused("init_failed", f"Making the database in {data} failed: {words}", "数据库初始化失败")
        with (work / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude 'gis_grid.conf'\ninclude_if_exists 'custom.conf' # yours: survives updates\n")
        (work / "data").rename(data)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def configuration(record: Record) -> str:
    """postgresql.conf lines: scaled to the memory modestly, durable, and silent about what people typed."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):
        pages = min(pages, int(Path("/sys/fs/cgroup/memory.max").read_text()))  # a container's share
    memory_mb = 512 if record.throwaway else pages // 2**20
    durable = "off" if record.throwaway else "on"
    values = {
        "cluster_name": system.cluster_name(record.data),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": f'"{str(record.data).replace(chr(34), chr(34) * 2)}"' if record.socket else "",
        "password_encryption": "scram-sha-256",
        "max_connections": 60,
        "fsync": durable,
        "synchronous_commit": durable,
        "full_page_writes": durable,
        "wal_compression": "off",  # it took a third of the time of a large update; processors are scarcer than disk here
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "shared_buffers": f"{min(max(memory_mb // 8, 64), 2048)}MB",
        "effective_cache_size": f"{max(memory_mb // 2, 128)}MB",
        "maintenance_work_mem": f"{min(max(memory_mb // 32, 64), 512)}MB",
        "work_mem": "16MB",
        "jit": "off",  # costs more than it gains on many small spatial queries
        "random_page_cost": 1.1,
        "max_parallel_workers_per_gather": 1,
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "gis-grid-%a.log",  # one per weekday, overwritten after a week
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": 0,
        "log_statement": "none",
        "log_parameter_max_length": 0,
        "log_parameter_max_length_on_error": 0,
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",  # DETAIL lines quote rows
    }
    return "# Written at every start; put your own lines into custom.conf.\n" + "".join(
        f"{name} = '{_escaped(value)}'\n" for name, value in values.items()
    )


def _escaped(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("'", "''")


def data_version(data: Path) -> str | None:
    try:
        return (data / "PG_VERSION").read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise system.not_yours(data) from error


def last_words(data: Path) -> str:
    logs = sorted([*data.glob("log/*.log"), data / "startup.log"], key=lambda path: path.stat().st_mtime)
    lines = [line for path in logs[-2:] for line in path.read_text("utf-8", "replace").splitlines()]
    return " ".join(lines[-6:]) + f" (log: {data}/log)"
