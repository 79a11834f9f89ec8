"""Routes of estates, buildings, units and rooms."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, post_load, validate

from gis_grid.access.guard import require
from gis_grid.buildings import actions, why
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.buildings.rules import Layout
from gis_grid.imports import Importable, offer
from gis_grid.imports.offers import GROUND
from gis_grid.register import Register, register_blueprint
from gis_grid.register.fields import BIGINT, Strict

READ, WRITE = "buildings.read", "buildings.write"
ESTATES = Register(
    "estates",
    "小区",
    Estate,
    read=READ,
    write=WRITE,
    search=("name", "code", "address"),
    prepare=actions.prepare_estate,
    why=why.why_estate,
)
BUILDINGS = Register(
    "buildings",
    "楼栋",
    Building,
    read=READ,
    write=WRITE,
    search=("name", "code", "address"),
    codes={"use": "building_use"},
    prepare=actions.prepare_building,
    read_only=("pin_locked",),
    why=why.why_building,
)
UNITS = Register("units", "单元", Unit, read=READ, write=WRITE, search=("name",), prepare=actions.prepare_unit, why=why.why_unit)
ROOMS = Register(
    "rooms",
    "房屋",
    Room,
    read=READ,
    write=WRITE,
    search=("number",),
    codes={"use": "house_type", "verified_how": "verify_how"},
    prepare=actions.prepare_room,
    read_only=("building_id",),
    why=why.why_room,
)


offer(
    Importable(
        name="buildings",
        model=Building,
        key="code",
        shape="polygon",
        shape_column="footprint",
        point_inside=True,
        synonyms={
            "code": ("编号", "楼栋编号"),
            "name": ("名称", "楼栋名称", "楼号"),
            "floors_above": ("floor", "floors", "levels", "building:levels", "层数", "地上层数"),
            "height_m": ("height", "高度"),
            "address": ("地址",),
        },
        codes={"use": "building_use"},
        right="buildings.write",
    )
)


def _floor(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=-9, max=200), **options)


def _door(least: int = 1, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=least, max=60), **options)


class MergedSchema(Strict):
    floor = _floor(required=True)
    door = _door(required=True)
    span = _door(2, required=True)


class FloorSchema(Strict):
    floor = _floor(required=True)
    doors = _door(0, required=True)


class LayoutSchema(Strict):
    """How the rooms of a unit lie: floors x doors, and what differs."""

    lowest = fields.Integer(strict=True, load_default=1, validate=validate.Range(min=-9, max=200))
    highest = fields.Integer(strict=True, required=True, validate=validate.Range(min=-9, max=200))
    doors = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=60))
    other_floors = fields.List(fields.Nested(FloorSchema), metadata={"title": "户数不同的楼层"})
    skipped_floors = fields.List(_floor(), metadata={"title": "不用的楼层号，如 4、14"})
    skipped_doors = fields.List(_door(), metadata={"title": "不用的户号"})
    merged = fields.List(fields.Nested(MergedSchema), metadata={"title": "合并的户"})

    @post_load
    def layout(self, values: dict[str, Any], **_: Any) -> Layout:
        return Layout(
            lowest=values["lowest"],
            highest=values["highest"],
            doors=values["doors"],
            doors_on={row["floor"]: row["doors"] for row in values.get("other_floors", [])},
            skipped_floors=values.get("skipped_floors", ()),
            skipped_doors=values.get("skipped_doors", ()),
            merged=[(row["floor"], row["door"], row["span"]) for row in values.get("merged", [])],
        )


layouts = Blueprint("layouts", __name__, url_prefix="/api/units", description="单元房屋排布")


@layouts.route(f"/<int(max={BIGINT}):unit_id>/layout", methods=["POST"])
@layouts.arguments(LayoutSchema)
@layouts.response(200, Schema.from_dict({"made": fields.Integer(), "already_there": fields.Integer()}, name="LaidOut"))
@require("buildings.write")
def lay_out(layout: Layout, unit_id: int) -> dict[str, Any]:
    """按楼层和户数排布房屋"""
    return actions.lay_out(unit_id, layout)


class PreviewedRoom(Schema):
    floor = fields.Integer()
    door = fields.Integer()
    door_span = fields.Integer()
    number = fields.String()
    is_there = fields.Boolean()


class LayoutPreview(Schema):
    rooms = fields.List(fields.Nested(PreviewedRoom))
    made = fields.Integer()
    already_there = fields.Integer()
    fault = fields.String(allow_none=True)


@layouts.route(f"/<int(max={BIGINT}):unit_id>/layout/preview", methods=["POST"])
@layouts.arguments(LayoutSchema)
@layouts.response(200, LayoutPreview)
@require("buildings.write")
def preview_layout(layout: Layout, unit_id: int) -> dict[str, Any]:
    """排布之前先看：会生成哪些房屋、哪些已有；什么也不写"""
    return actions.preview_layout(unit_id, layout)


GROUND.append(actions.on_footprints)
BLUEPRINTS = (*(register_blueprint(each) for each in (ESTATES, BUILDINGS, UNITS, ROOMS)), layouts)
