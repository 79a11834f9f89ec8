"""Registers as sheets: what the caller may see, watermarked, without formulas, masked unless he may and says why."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY

from gis_grid import audit
from gis_grid.access.guard import caller, check_right
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.errors import BadRequest, Invalid
from gis_grid.imports.actions import Progress
from gis_grid.jobs.actions import now_and_then
from gis_grid.people.models import Household, Resident
from gis_grid.premises import Premises
from gis_grid.query.actions import clause, matching
from gis_grid.query.registers import LINKS, PEOPLE, asked_register, fields_of, with_place
from gis_grid.query.rules import fields_of as fields_asked
from gis_grid.query.rules import read_query
from gis_grid.register import Register
from gis_grid.sealed import Sealed
from gis_grid.sheets.kinds import PLACE
from gis_grid.sheets.writing import MOST_PRINTED, WRITERS

BATCH = 2_000
MOST_ROWS = 1_000_000
KEPT_HOURS = 72
UNMASK = "people.unmask"


@dataclass(frozen=True)
class Column:
    """One column of a sheet: its label, what is selected for it, and how a value is written."""

    key: str
    label: str
    source: Any
    shown: Callable[[Any], Any]


@dataclass(frozen=True)
class Wanted:
    """What to export. `plain` asks for sealed values as they are."""

    register: str
    purpose: str
    where: Mapping[str, Any] | None = None
    columns: Sequence[str] = ()
    retired: bool = False
    plain: bool = False
    format: str = "xlsx"


def formats_of(register: Register) -> list[str]:
    """What a register can be written as: GeoJSON only what stands on the ground and is nobody's home."""
    on_ground = hasattr(register.model, "point") and register.name not in PEOPLE
    return ["xlsx", "csv", "pdf", *(["geojson"] if on_ground else [])]


def _check_ground(register: Register, wanted: Wanted) -> None:
    if "geojson" not in formats_of(register):
        raise BadRequest(f"{register.title}不能导出为 GeoJSON：它没有自己的位置，或位置就是个人住所。", code="no_geojson")
    if wanted.columns and not {"lon", "lat"} <= set(wanted.columns):
        raise BadRequest("导出 GeoJSON 须包含经度（lon）与纬度（lat）两列。", code="no_position")


def check_export(wanted: Wanted) -> None:
    """Refuse before a job is made: no right, unknown columns, a condition on a number that would have to be written down."""
    register = asked_register(wanted.register)
    if wanted.plain:
        check_right(UNMASK)
    tree = read_query(wanted.where, fields_of(register))
    clause(register, tree)
    sealed = {name for name, one in fields_of(register).items() if one.kind == "sealed"}
    if sealed & fields_asked(tree):
        raise BadRequest("按证件号码或电话找到的人请直接查看，不能作为导出条件。", code="sealed_condition")
    if wanted.format == "geojson":
        _check_ground(register, wanted)
    known = {column.key for column in columns_of(register, plain=False)}
    if unknown := [name for name in wanted.columns if name not in known]:
        raise BadRequest(f"没有“{unknown[0][:40]}”这一列，可用：{'、'.join(sorted(known))}。", code="no_column")


def export(wanted: Wanted, path: Path, progress: Progress) -> dict[str, Any]:
    """Write the sheet (.xlsx or .csv) and note who took what; answers how many rows."""
    check_export(wanted)
    register = asked_register(wanted.register)
    chosen = [one for one in columns_of(register, plain=wanted.plain) if not wanted.columns or one.key in wanted.columns]
    query = matching(register, read_query(wanted.where, fields_of(register)), retired=wanted.retired)
    query = with_place(register, query).with_only_columns(*(one.source for one in chosen)).order_by(register.key)
    most = MOST_ROWS if path.suffix != ".pdf" else MOST_PRINTED
    rows = 0
    with WRITERS[path.suffix](path, register.title, [(one.key, one.label) for one in chosen], _watermark(wanted)) as write:
        for batch in session().execute(query.limit(most + 1), execution_options={"yield_per": BATCH}).partitions():
            for row in batch:
                write([one.shown(value) for one, value in zip(chosen, row, strict=True)])
            rows += len(batch)
            if rows > most:
                raise Invalid(f"超过 {most} 行，请缩小范围后分次导出。", code="too_many_rows")
            progress(rows, None)
    told = {"columns": [one.key for one in chosen], "rows": rows, "masked": not wanted.plain}
    audit.record("export", register.name, after=told, purpose=wanted.purpose)
    return {"rows": rows, "masked": not wanted.plain, "name": f"{register.title}.{path.suffix[1:]}"}


def columns_of(register: Register, *, plain: bool) -> list[Column]:
    """Where a row belongs, its own columns with names instead of codes, its coordinates; as our own import reads them."""
    placed = [Column(key, *_PLACED[key], _as_is) for key in LINKS.get(register.name, ())]
    own = [_own(register, column, plain) for column in register.columns if _is_shown(column)]
    point = getattr(register.model, "point", None)
    if point is not None and register.name != "households":  # theirs is only where they are drawn
        placed += [Column("lon", "经度", sa.func.ST_X(point), _as_is), Column("lat", "纬度", sa.func.ST_Y(point), _as_is)]
    return [*placed, *own]


def _is_shown(column: sa.Column[Any]) -> bool:
    odd = isinstance(column.type, Geometry | sa.JSON)
    return not odd and not (column.foreign_keys and column.key != "area_code") and column.key not in ("id", "version")


def _own(register: Register, column: sa.Column[Any], plain: bool) -> Column:
    label, source = str(column.comment or column.key), getattr(register.model, column.key)
    lists = {"placed_by": "placed_by", **register.codes}
    codes = names(lists[column.key]) if column.key in lists else None
    if isinstance(column.type, Sealed):
        mask = register.masks[column.key]
        return Column(column.key, label, source, _as_is if plain else lambda value: None if value is None else mask(value))
    if isinstance(column.type, ARRAY):
        if codes is None:
            return Column(column.key, label, source, lambda value: "、".join(value or ()))
        seen = {code: codes[code] for code in register.shown.get(column.key, list)(codes)}  # asked once, not for each row
        return Column(column.key, label, source, lambda value: "、".join(seen[one] for one in value or () if one in seen))
    if codes is not None:
        return Column(column.key, label, source, lambda value: codes.get(value, value))
    if isinstance(column.type, sa.DateTime):
        zone = ZoneInfo(settings().time_zone)
        return Column(column.key, label, source, lambda value: value and value.astimezone(zone).strftime("%Y-%m-%d %H:%M"))
    return Column(column.key, label, source, _as_is)


def _as_is(value: Any) -> Any:
    return value


_PLACED: dict[str, tuple[str, Any]] = {
    "person": ("所有人姓名", Resident.name),
    "premises_code": ("场所编号", Premises.code),
    "premises": ("场所名称", Premises.name),
    "household_number": ("户籍编号", Household.number),
    "estate": (PLACE["estate"][0], Estate.name),
    "building": (PLACE["building"][0], Building.name),
    "unit": (PLACE["unit"][0], Unit.name),
    "room": (PLACE["room"][0], Room.number),
}


def _watermark(wanted: Wanted) -> str:
    now = datetime.now(ZoneInfo(settings().time_zone)).strftime("%Y-%m-%d %H:%M")
    sign = "含证件号码与电话原文" if wanted.plain else "号码已脱敏"
    return f"{caller().name} 于 {now} 导出；用途：{wanted.purpose}；{sign}；仅限所述用途使用，不得外传"


@now_and_then
def forget_old_files() -> None:
    """Sheets that were written for somebody, or that a refused import left, lie here no longer than three days."""
    before = time.time() - KEPT_HOURS * 3600
    for pattern in ("*/export.*", "*/remarks.xlsx", "*/remarks.csv", "*/data*"):
        for path in settings().uploads.glob(pattern):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
