"""Read the state of the service and its settings; change the settings that may change while it runs."""

from __future__ import annotations

import re
import shutil
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gis_grid import __version__, audit
from gis_grid.access.guard import caller, scoped
from gis_grid.access.models import SignIn, User
from gis_grid.choices import CHANGEABLE, choose, chosen, fixed_by_environment
from gis_grid.config import Settings, settings
from gis_grid.db import session
from gis_grid.errors import Forbidden
from gis_grid.jobs.models import Job
from gis_grid.register.actions import REGISTERS
from gis_grid.system.labels import HINTS, LABELS, OPTIONS
from gis_grid.system.rules import State, findings

_SIGNED_IN = timedelta(minutes=15)


def health() -> dict[str, Any]:
    """How the service does: database, disk, queue, backups, what is in it within the caller's scope, what needs attention."""
    now = datetime.now(UTC)
    disk = shutil.disk_usage(_existing(settings().home))
    queue, backup_at = _queue(now), _newest_backup(settings().home / "backups")
    state = State(
        disk_free=disk.free,
        disk_total=disk.total,
        oldest_queued=queue["oldest_queued"],
        worker_seen_at=queue["worker_seen_at"],
        backup_at=backup_at,
        failed_today=queue["failed_today"],
        second_factor=chosen("second_factor"),
    )
    return {
        "at": now,
        "version": __version__,
        "findings": findings(state, now),
        "database": _database(),
        "disk": {"total": disk.total, "free": disk.free},
        "queue": queue,
        "backup_at": backup_at,
        "users": _users(now),
        "counts": _counts(),
    }


def _database() -> dict[str, Any]:
    query = """
      SELECT split_part(current_setting('server_version'), ' ', 1) AS server, postgis_lib_version() AS postgis,
        pg_database_size(current_database()) AS bytes, (SELECT version_num FROM alembic_version) AS schema,
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
        current_setting('max_connections')::int AS most_connections, pg_postmaster_start_time() AS started_at
    """
    return dict(session().execute(sa.text(query)).one()._mapping)


def _queue(now: datetime) -> dict[str, Any]:
    counted = sa.select(
        sa.func.count().filter(Job.status == "queued").label("queued"),
        sa.func.count().filter(Job.status == "running").label("running"),
        sa.func.min(Job.created_at).filter(Job.status == "queued").label("oldest_queued"),
        sa.func.count().filter(Job.status == "failed", Job.ended_at > now - timedelta(days=1)).label("failed_today"),
    )
    seen = session().scalar(sa.text("SELECT max(last_heartbeat) FROM procrastinate_workers"))
    return {**session().execute(counted).one()._mapping, "worker_seen_at": seen}


def _users(now: datetime) -> dict[str, int]:
    active = session().scalar(sa.select(sa.func.count()).select_from(User).where(User.retired_at.is_(None)))
    recently = sa.select(sa.func.count(SignIn.user_id.distinct())).where(SignIn.seen_at > now - _SIGNED_IN)
    return {"active": active or 0, "signed_in": session().scalar(recently) or 0}


def _counts() -> list[dict[str, Any]]:
    """Rows of every register that are not retired, within the caller's scope."""
    found = []
    for register in REGISTERS.values():
        query = sa.select(sa.func.count()).select_from(register.model)
        if hasattr(register.model, "retired_at"):
            query = query.where(register.model.retired_at.is_(None))
        if not caller().covers(None):
            query = scoped(query, register.model)
        found.append({"name": register.name, "title": register.title, "rows": session().scalar(query) or 0})
    return found


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _newest_backup(folder: Path) -> datetime | None:
    """When the newest file under home/backups was written."""
    times = [path.stat().st_mtime for path in folder.glob("**/*") if path.is_file()] if folder.is_dir() else []
    return datetime.fromtimestamp(max(times), UTC) if times else None


def list_settings() -> list[dict[str, Any]]:
    """Every setting: its value, whether it may change while the service runs, and who says it now."""
    return [_told(name) for name in sorted(Settings.model_fields, key=lambda name: (name not in CHANGEABLE, _place(name)))]


def _place(name: str) -> int:
    return list(LABELS).index(name) if name in LABELS else len(LABELS)


def _told(name: str) -> dict[str, Any]:
    fixed, changeable = fixed_by_environment(name), name in CHANGEABLE
    value = chosen(name) if changeable else getattr(settings(), name)
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    return {
        "name": name,
        "title": LABELS.get(name, name),
        "hint": HINTS.get(name),
        "value": _plain(value),
        "default": _plain(default),
        "said_by": "environment" if fixed else "here" if changeable and value != default else "default",
        "changeable": changeable and not fixed,
        "bounds": asdict(CHANGEABLE[name]) if changeable else None,
        "options": {code: OPTIONS[code] for code in CHANGEABLE[name].options} if changeable else {},
        "variable": Settings.model_fields[name].validation_alias or f"GIS_GRID_{name.upper()}",
    }


def change_setting(name: str, value: Any) -> dict[str, Any]:
    """Change one setting for everybody from now on."""
    if not caller().covers(None):
        raise Forbidden("系统设置对所有区域生效，只有管理全部区域的管理员才能修改。", code="other_area")
    before, after = choose(name, value, caller().name)
    audit.record("change", "settings", name, before={"value": before}, after={"value": after})
    return _told(name)


def _plain(value: Any) -> Any:
    """A value as JSON; passwords, tokens and keys in addresses are not shown."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        value = re.sub(r"([?&][^=&]*(?:token|key|secret|sign)[^=&]*=)[^&]*", r"\1******", value, flags=re.IGNORECASE)
        return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:******@", value)
    return list(value) if isinstance(value, tuple) else value
