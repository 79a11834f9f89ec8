"""What administrators choose while the service runs: numbered versions of small documents, the newest holds.

The environment wins over a chosen setting, so that whoever runs the machine keeps the last word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.config import settings
from gis_grid.db import Base, session
from gis_grid.errors import Conflict, Invalid, NotFound
from gis_grid.kept import Kept

SETTINGS = "settings"


class Choice(Base):
    """One version of one document; versions are never changed."""

    __tablename__ = "choices"
    __table_args__ = ({"comment": "管理员的选择（各版本）"},)

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True, comment="名称")
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False, comment="版本")
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="内容")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="修改人")
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="修改时间")


@dataclass(frozen=True)
class Bounds:
    """What a setting may become while the service runs: a whole number from least to most, one of `options`, or a text."""

    least: int = 0
    most: int = 0
    options: tuple[str, ...] = ()
    length: int = 0


CHANGEABLE = {
    "second_factor": Bounds(options=("off", "administrators", "everyone")),
    "idle_lock_minutes": Bounds(0, 240),
    "session_idle_minutes": Bounds(5, 720),
    "session_hours": Bounds(1, 24),
    "max_failures": Bounds(3, 10),
    "lock_minutes": Bounds(1, 1440),
    "password_length": Bounds(8, 64),
    "token_days": Bounds(1, 3650),
    "map_review_number": Bounds(length=60),
    "map_source": Bounds(length=100),
    "map_publisher": Bounds(length=100),
}
_kept: Kept[tuple[int, dict[str, Any]]] = Kept("choices")


def newest(name: str) -> tuple[int, dict[str, Any]]:
    """Version and body of a document; (0, {}) before anybody chose anything."""
    return _kept.get(name, lambda: _read(name))


def _read(name: str) -> tuple[int, dict[str, Any]]:
    query = sa.select(Choice.version, Choice.body).where(Choice.name == name).order_by(Choice.version.desc()).limit(1)
    row = session().execute(query).first()
    return (row.version, row.body) if row else (0, {})


def keep(name: str, body: dict[str, Any], made_by: str, seen_version: int | None = None) -> int:
    """The next version of a document; refused when somebody else made one since `seen_version`."""
    session().execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"choices {name}"))))
    last, _ = _read(name)
    if seen_version is not None and seen_version != last:
        raise Conflict("别人刚刚修改过，请刷新后再改。", code="changed_meanwhile", version=last)
    session().add(Choice(name=name, version=last + 1, body=body, made_by=made_by[:120]))
    session().flush()
    return last + 1


def history(name: str, most: int = 50) -> Sequence[Choice]:
    """The versions of a document, the newest first."""
    return session().scalars(sa.select(Choice).where(Choice.name == name).order_by(Choice.version.desc()).limit(most)).all()


def fixed_by_environment(name: str) -> bool:
    """Whether the environment (or .env) says this setting; then nothing chosen here changes it."""
    return name in settings().model_fields_set


def chosen(name: str) -> Any:
    """A setting as it holds now: from the environment, else as chosen, else the product's default."""
    default = getattr(settings(), name)
    return default if fixed_by_environment(name) else newest(SETTINGS)[1].get(name, default)


def choose(name: str, value: Any, made_by: str) -> tuple[Any, Any]:
    """Change a setting from now on, for all workers; answers what it was and is. Refused: what only the environment may say."""
    if name not in CHANGEABLE:
        raise NotFound(f"设置“{name[:40]}”不能在运行中修改，请在服务器的环境变量中设置。")
    if fixed_by_environment(name):
        raise Conflict(f"这一项由服务器的环境变量 GIS_GRID_{name.upper()} 决定，请联系运维人员修改。", code="set_by_environment")
    fault = _fault(CHANGEABLE[name], value)
    if fault:
        raise Invalid(fault, code="bad_setting")
    before = chosen(name)
    keep(SETTINGS, {**newest(SETTINGS)[1], name: value}, made_by)
    return before, value


def _fault(bounds: Bounds, value: Any) -> str | None:
    if bounds.options:
        return None if value in bounds.options else f"只能是：{'、'.join(bounds.options)}。"
    if bounds.length:
        good = value is None or (isinstance(value, str) and len(value) <= bounds.length and "\x00" not in value)
        return None if good else f"须为不超过 {bounds.length} 字的文字。"
    good = isinstance(value, int) and not isinstance(value, bool) and bounds.least <= value <= bounds.most
    return None if good else f"须为 {bounds.least} 到 {bounds.most} 之间的整数。"
