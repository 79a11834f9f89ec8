"""Coordinate pins: place or drag the point of a household, shop or building; the grid it would fall into is told before saving.

A household's pin is only where it is drawn: where it belongs is told by its room. A locked pin is not moved by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_smorest import Blueprint
from geoalchemy2 import Geometry
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid import audit
from gis_grid.access.guard import caller, check_right, require
from gis_grid.areas.actions import locate
from gis_grid.areas.duty import all_areas
from gis_grid.buildings.api import BUILDINGS
from gis_grid.buildings.models import Building, Room, Unit
from gis_grid.db import SRID, Base, session
from gis_grid.errors import Conflict, NotFound
from gis_grid.geo import crs, shapes
from gis_grid.people.registers import HOUSEHOLDS
from gis_grid.premises import PREMISES
from gis_grid.register import Register
from gis_grid.register import actions as register
from gis_grid.register.api import IF_MATCH, wanted_version
from gis_grid.register.fields import BIGINT, Number, Strict

PINNED: Mapping[str, Register] = {"households": HOUSEHOLDS, "premises": PREMISES, "buildings": BUILDINGS}
FAR_M = 200.0  # a household's pin farther than this from its building gets a remark


class PinMove(Base):
    """One move of a pin, so that it can be undone."""

    __tablename__ = "pin_moves"
    __table_args__ = (sa.Index("ix_pin_moves_pin", "kind", "key"), {"comment": "图上位置变动"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(12), comment="对象")
    key: Mapped[int] = mapped_column(sa.BigInteger, comment="对象编号")
    was: Mapped[Any] = mapped_column(Geometry("POINT", srid=SRID, spatial_index=False), nullable=True, comment="原位置")
    now: Mapped[Any] = mapped_column(Geometry("POINT", srid=SRID, spatial_index=False), nullable=True, comment="新位置")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="操作人")
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="时间")
    undone_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="撤销时间")


def show_pin(kind: str, key: int) -> dict[str, Any]:
    """Where the pin stands, whether it is locked, and whether there is a move to undo."""
    row = _row(kind, key)
    last = _last_move(kind, key)
    return {**_pin(row), **_near(kind, row), "can_undo": last is not None}


def _near(kind: str, row: Any) -> dict[str, Any]:
    """Where to look when a household has no pin yet: at the entrance of its house."""
    if kind != "households" or row.point is not None:
        return {}
    query = sa.select(sa.func.coalesce(Unit.point, Building.point)).select_from(Room)
    query = query.join(Building, Building.id == Room.building_id).outerjoin(Unit, Unit.id == Room.unit_id)
    door = shapes.from_stored(session().scalar(query.where(Room.id == row.room_id)))
    return {"near_lon": door and door.x, "near_lat": door and door.y}


def preview(kind: str, key: int, x: float, y: float, datum: str) -> dict[str, Any]:
    """What saving the pin there would mean: its grid now and then, why, how far it moves, and what to look at. Writes nothing."""
    row = _row(kind, key)
    there = locate(x, y, datum)
    grid = there["code"] if kind != "households" and not _stays(kind, row) else row.area_code
    was = shapes.from_stored(row.point)
    moved_m = None if was is None else round(shapes.distance_m(was.x, was.y, there["lon"], there["lat"]), 1)
    remarks = []
    if grid != row.area_code:
        remarks.append(f"所属网格将由 {_named(row.area_code)} 变为 {_named(grid)}。")
    elif there["code"] != row.area_code:
        remarks.append("图上位置落在另一网格，但归属随房屋或楼栋，不变。")
    if there["code"] is None:
        remarks.append("该位置不在任何网格内。")
    if moved_m is not None and moved_m > FAR_M:
        remarks.append(f"移动了 {moved_m:.0f} 米，请确认没有拖错。")
    return {
        "lon": there["lon"],
        "lat": there["lat"],
        "grid_now": row.area_code,
        "grid_then": grid,
        "lies_in": there["code"],
        "why": there["why"]["sentence"],
        "moved_m": moved_m,
        "locked": row.pin_locked,
        "remarks": remarks,
    }


def _named(code: str | None) -> str:
    known = all_areas().get(code or "")
    return known.link["name"] if known else code or "无"


def move_pin(kind: str, key: int, version: int, x: float, y: float, datum: str) -> dict[str, Any]:
    """Save the pin there. Refused while locked; a building or shop takes the grid it lies in, within the caller's own area."""
    row = _row(kind, key)
    register.check_version(PINNED[kind], row, version)  # whoever moved it meanwhile has locked it again: he is told first
    if row.pin_locked:
        raise Conflict("位置已锁定，请先解锁再移动。", code="pin_locked")
    there = locate(x, y, datum)
    values = {"point": _point(there["lon"], there["lat"])}
    if kind != "households":
        values["source_crs"] = datum
    return _pin(_put(kind, row, version, values))


def undo_move(kind: str, key: int, version: int) -> dict[str, Any]:
    """The pin goes back to where it was before its last move."""
    row = _row(kind, key)
    register.check_version(PINNED[kind], row, version)
    if row.pin_locked:
        raise Conflict("位置已锁定，请先解锁。", code="pin_locked")
    last = _last_move(kind, key)
    if last is None:
        raise Conflict("没有可以撤销的移动。", code="nothing_to_undo")
    if shapes.from_stored(row.point) != shapes.from_stored(last.now):
        raise Conflict("位置在移动之后又被改过，不能撤销。", code="moved_since")
    last.undone_at = datetime.now(UTC)
    return _pin(_put(kind, row, version, {"point": last.was}, note=False))


def lock_pin(kind: str, key: int, version: int, locked: bool) -> dict[str, Any]:
    """Lock the pin against accidents, or free it."""
    row = _row(kind, key, lock=True)
    register.check_version(PINNED[kind], row, version)
    was, row.pin_locked = row.pin_locked, locked
    session().flush()
    before, after = audit.difference({"pin_locked": was}, {"pin_locked": locked})
    audit.record(
        "lock" if locked else "unlock", kind, row.id, before=before, after=after, area_code=row.area_code, version=row.version
    )
    return _pin(row)


def _put(kind: str, row: Any, version: int, values: dict[str, Any], *, note: bool = True) -> Any:
    was, now = row.point, values["point"]
    moved = register.change(PINNED[kind], row.id, version, values)
    if note:
        session().add(PinMove(kind=kind, key=row.id, was=was, now=now, made_by=caller().name))
    session().flush()
    return moved


def _row(kind: str, key: int, *, lock: bool = False) -> Any:
    if kind not in PINNED:
        raise NotFound(f"没有“{kind[:20]}”的图上位置，可用：{'、'.join(PINNED)}。")
    check_right(PINNED[kind].read)
    return register.find(PINNED[kind], key, lock=lock)


def _last_move(kind: str, key: int) -> PinMove | None:
    query = sa.select(PinMove).where(PinMove.kind == kind, PinMove.key == key, PinMove.undone_at.is_(None))
    return session().scalar(query.order_by(PinMove.id.desc()).limit(1))


def _stays(kind: str, row: Any) -> bool:
    """Whether a row's grid does not come from its own point."""
    return kind == "premises" and (row.placed_by == "manual" or row.room_id is not None or row.building_id is not None)


def _point(lon: float, lat: float) -> Any:
    return shapes.to_column(shapes.from_geojson({"type": "Point", "coordinates": [lon, lat]}))


def _pin(row: Any) -> dict[str, Any]:
    shape = shapes.from_stored(row.point)
    at = {"lon": shape and round(shape.x, 8), "lat": shape and round(shape.y, 8)}
    return {**at, "area_code": row.area_code, "placed_by": row.placed_by, "locked": row.pin_locked, "version": row.version}


class PinSchema(Strict):
    lon = Number(required=True, metadata={"title": "经度（或东坐标）"})
    lat = Number(required=True, metadata={"title": "纬度（或北坐标）"})
    crs = fields.String(load_default="cgcs2000", validate=validate.Length(max=20), metadata={"title": "坐标系"})


class LockSchema(Strict):
    locked = fields.Boolean(required=True, truthy={True}, falsy={False}, metadata={"title": "锁定"})


_WHERE: dict[str, fields.Field] = {name: fields.Float(allow_none=True) for name in ("lon", "lat")}
Pin = Schema.from_dict(
    {
        **_WHERE,
        **{name: fields.Float(allow_none=True) for name in ("near_lon", "near_lat")},
        **{name: fields.String(allow_none=True) for name in ("area_code", "placed_by")},
        "locked": fields.Boolean(),
        "version": fields.Integer(),
        "can_undo": fields.Boolean(),
    },
    name="PinShown",
)
Preview = Schema.from_dict(
    {
        **_WHERE,
        **{name: fields.String(allow_none=True) for name in ("grid_now", "grid_then", "lies_in", "why")},
        "moved_m": fields.Float(allow_none=True),
        "locked": fields.Boolean(),
        "remarks": fields.List(fields.String()),
    },
    name="PinPreview",
)
blueprint = Blueprint("pins", __name__, url_prefix="/api/pins", description="图上位置：放置、拖动、锁定、撤销")
_ONE = f"/<string:pinned>/<int(max={BIGINT}):key>"


@blueprint.route(_ONE)
@blueprint.response(200, Pin)
@require("areas.read")
def find_pin(pinned: str, key: int) -> dict[str, Any]:
    """图上位置：住户（households）、场所（premises）或楼栋（buildings）"""
    return show_pin(pinned, key)


@blueprint.route(f"{_ONE}/preview")
@blueprint.arguments(PinSchema, location="query")
@blueprint.response(200, Preview)
@require("areas.read")
def preview_pin(asked: dict[str, Any], pinned: str, key: int) -> dict[str, Any]:
    """保存前先看：会落入哪个网格、为什么、移动多远"""
    crs.datum(asked["crs"])
    return preview(pinned, key, asked["lon"], asked["lat"], asked["crs"])


@blueprint.route(_ONE, methods=["PUT"])
@blueprint.arguments(PinSchema)
@blueprint.response(200, Pin)
@blueprint.doc(parameters=[IF_MATCH])
@require("areas.read")
def put_pin(asked: dict[str, Any], pinned: str, key: int) -> dict[str, Any]:
    """放置或移动（须有该对象的维护权限；已锁定的须先解锁）"""
    _may_write(pinned)
    crs.datum(asked["crs"])
    return move_pin(pinned, key, wanted_version(), asked["lon"], asked["lat"], asked["crs"])


@blueprint.route(f"{_ONE}/undo", methods=["POST"])
@blueprint.response(200, Pin)
@blueprint.doc(parameters=[IF_MATCH])
@require("areas.read")
def undo_pin(pinned: str, key: int) -> dict[str, Any]:
    """撤销最近一次移动"""
    _may_write(pinned)
    return undo_move(pinned, key, wanted_version())


@blueprint.route(f"{_ONE}/lock", methods=["PUT"])
@blueprint.arguments(LockSchema)
@blueprint.response(200, Pin)
@blueprint.doc(parameters=[IF_MATCH])
@require("areas.read")
def put_lock(asked: dict[str, Any], pinned: str, key: int) -> dict[str, Any]:
    """锁定或解锁，防止误移动"""
    _may_write(pinned)
    return lock_pin(pinned, key, wanted_version(), asked["locked"])


def _may_write(kind: str) -> None:
    if kind in PINNED:
        check_right(PINNED[kind].write)


BLUEPRINTS = (blueprint,)
