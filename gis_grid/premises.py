"""Shops and business premises: the table and its register."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_smorest import Blueprint
from marshmallow import validate
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid import audit
from gis_grid.access.guard import check_area, require
from gis_grid.areas.actions import place
from gis_grid.areas.models import Area
from gis_grid.areas.reassign import Progress, Touched, begin_moves, changed, follow, place_again
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.buildings.actions import has_moved, moved
from gis_grid.buildings.models import Building, Room
from gis_grid.buildings.why import Why, at_point, indoors, told, why_building
from gis_grid.db import Base, Follower, Located, Pinned, Stamped, Verified, point_column, session
from gis_grid.errors import Conflict, Invalid
from gis_grid.freshness import due_on
from gis_grid.imports import Importable, offer
from gis_grid.people.models import Resident
from gis_grid.people.rules import phone_fault
from gis_grid.register import Register, register_blueprint
from gis_grid.register.actions import check_version, find, free_mark
from gis_grid.register.api import IF_MATCH, shown_schema, wanted_version
from gis_grid.register.fields import BIGINT, Strict, Text
from gis_grid.sealed import Sealed, mask_phone, normal

_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z: they are too easily taken for digits


class Premises(Stamped, Located, Pinned, Verified, Base):
    """A shop, office or other place of business (营业场所)."""

    __tablename__ = "premises"
    __table_args__ = (Located.area_index("premises"), sa.Index("ix_premises_name", "name"), {"comment": "营业场所"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="场所编号", info={"filled": True})
    name: Mapped[str] = mapped_column(sa.String(200), comment="场所名称")
    trade: Mapped[str | None] = mapped_column(sa.String(200), comment="行业")
    credit_code: Mapped[str | None] = mapped_column(sa.String(18), comment="统一社会信用代码")
    address: Mapped[str | None] = mapped_column(sa.String(300), comment="地址")
    owner: Mapped[str | None] = mapped_column(sa.String(50), comment="负责人")
    phone: Mapped[str | None] = mapped_column(Sealed, comment="联系电话")
    building_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("buildings.id"), index=True, comment="所在楼栋")
    room_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("rooms.id"), index=True, comment="所在房屋")
    placed_reason: Mapped[str | None] = mapped_column(sa.String(200), comment="人工指定网格的理由")
    point = point_column()
    pin_locked: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", nullable=False, comment="锁定位置")


class PremisesStaff(Stamped, Follower, Base):
    """Somebody who works in a shop (从业人员); a registered resident or not."""

    __tablename__ = "premises_staff"
    # who has left hinders no shop from being closed
    __table_args__ = (Located.area_index("premises_staff"), {"comment": "从业人员", "info": {"over": "until"}})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    premises_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("premises.id"), index=True, comment="营业场所")
    resident_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("residents.id"), index=True, comment="居民")
    name: Mapped[str] = mapped_column(sa.String(50), comment="姓名")
    post: Mapped[str | None] = mapped_column(sa.String(40), comment="岗位")
    phone: Mapped[str | None] = mapped_column(Sealed, comment="联系电话")
    since: Mapped[date | None] = mapped_column(sa.Date, comment="入职日期")
    until: Mapped[date | None] = mapped_column(sa.Date, comment="离职日期")
    remark: Mapped[str | None] = mapped_column(sa.Text, comment="备注")


def prepare_premises(premises: Premises, extra: dict[str, Any]) -> None:
    """Indoor first: placed by its room, then its building, then its own point; what was given to a grid by hand stays there."""
    _take_credit_code(premises)  # first: what looks at rooms writes the change, and then it is none any more
    if premises.pin_locked and has_moved(premises):
        raise Conflict("该场所的位置已锁定，请先解锁再移动。", code="pin_locked")
    if premises.placed_by != "manual":
        _place(premises)
    if premises.phone and (fault := phone_fault(premises.phone)):
        raise Invalid(f"{fault}。", code="bad_phone")
    premises.due_on = due_on("premises", (), premises.verified_at)
    if not premises.code:
        premises.code = free_mark(Premises.code, f"P{premises.area_code or 0}-1")
    _staff_with(premises)


def _take_credit_code(premises: Premises) -> None:
    """One that stood there before codes were checked stays until somebody writes it anew."""
    if premises.credit_code and sa.inspect(premises).attrs.credit_code.history.has_changes():
        try:
            premises.credit_code = read_credit_code(premises.credit_code)
        except ValueError as fault:
            raise Invalid(f"{fault}。", code="bad_credit_code") from None


def read_credit_code(text: str) -> str:
    """A unified social credit code (GB 32100-2015: 18 characters, MOD 31) in one spelling; registration numbers of 15 digits,
    which it replaced, are kept as they are. ValueError tells the fault."""
    code = normal(text)
    if re.fullmatch("[0-9]{15}", code):
        return code
    if not re.fullmatch(f"[{_CREDIT}]{{18}}", code):
        raise ValueError("统一社会信用代码应为 18 位数字或大写字母，其中没有 I、O、S、V、Z（旧注册号为 15 位数字）")
    checked = -sum(_CREDIT.index(one) * pow(3, at, 31) for at, one in enumerate(code[:17])) % 31
    if _CREDIT[checked] != code[17]:
        raise ValueError("统一社会信用代码校验位不对，请核对是否抄错")
    return code


def _staff_with(premises: Premises) -> None:
    if not sa.inspect(premises).transient:
        elsewhere = sa.and_(
            PremisesStaff.premises_id == premises.id, PremisesStaff.area_code.is_distinct_from(premises.area_code)
        )
        there = {"area_code": premises.area_code, "version": PremisesStaff.version + 1}
        session().execute(sa.update(PremisesStaff).where(elsewhere).values(there))


def _place(premises: Premises) -> None:
    inside = _inside_of(premises)
    if inside is not None:
        premises.area_code = inside.area_code
        premises.placed_by = "room" if isinstance(inside, Room) else "building"
        premises.building_id = inside.building_id if isinstance(inside, Room) else inside.id
    elif premises.point is not None:
        premises.area_code, premises.placed_by = place(premises.point)
    else:
        raise Invalid("营业场所须有位置（point）、房屋（room_id）或楼栋（building_id）。", code="no_position")


def give_to_grid(premises_id: int, version: int, area_code: str, reason: str) -> Premises:
    """Another grid looks after this shop, for a reason that is kept; boundaries and rooms no longer move it."""
    check_area(area_code)
    grid = session().get(Area, area_code)
    if grid is None or grid.retired_at or grid.level != LEVEL_CODES[-1]:
        raise Invalid(f"{area_code} 不是使用中的网格。", code="unknown_area")
    return _override(premises_id, version, area_code, reason)


def take_back(premises_id: int, version: int) -> Premises:
    """The shop belongs again where it lies."""
    return _override(premises_id, version, None, None)


def _override(premises_id: int, version: int, area_code: str | None, reason: str | None) -> Premises:
    premises: Premises = find(PREMISES, premises_id, lock=True)
    check_version(PREMISES, premises, version)
    was = {"area_code": premises.area_code, "placed_by": premises.placed_by, "placed_reason": premises.placed_reason}
    premises.placed_reason = reason
    if area_code is None:
        _place(premises)
    else:
        premises.area_code, premises.placed_by = area_code, "manual"
    _staff_with(premises)
    session().flush()
    now = {"area_code": premises.area_code, "placed_by": premises.placed_by, "placed_reason": reason}
    audit.record(
        "override", "premises", premises.id, before=was, after=now, area_code=premises.area_code, version=premises.version
    )
    return premises


def why(premises: Premises) -> Why:
    """Why a shop belongs to its grid: by hand and why, by its room or building, or by where it stands."""
    by_place = at_point(premises.point, premises.accuracy_m)
    if premises.placed_by == "manual":
        given = f"人工指定：{premises.placed_reason or '未写理由'}。{_otherwise(premises)}"
        return told(premises, given, by_place, premises.placed_reason)
    if room := session().get(Room, premises.room_id) if premises.placed_by == "room" and premises.room_id else None:
        return indoors(premises, room, "场所")
    building = session().get(Building, premises.building_id) if premises.placed_by == "building" else None
    if building is not None:
        above = why_building(building)
        return told(premises, f"场所随所在楼栋归属，不看坐标。{above['sentence']}", above["by_place"])
    return told(premises, by_place["sentence"] if by_place else "没有位置。", by_place)


def _otherwise(premises: Premises) -> str:
    """Where a shop given to a grid by hand would belong by its room or building."""
    inside: Room | Building | None = session().get(Room, premises.room_id) if premises.room_id else None
    inside = inside or (session().get(Building, premises.building_id) if premises.building_id else None)
    return f"按所在房屋或楼栋应归 {inside.area_code}。" if inside is not None and inside.area_code else ""


def _inside_of(premises: Premises) -> Room | Building | None:
    if premises.room_id is None and premises.building_id is None:
        return None
    row: Room | Building | None
    if premises.room_id is not None:
        row = session().get(Room, premises.room_id)
    else:
        row = session().get(Building, premises.building_id)
    if row is None or row.retired_at:
        raise Invalid("所在房屋或楼栋不存在或已注销。", code="unknown_reference")
    check_area(row.area_code)
    return row


@changed.connect
def place_all_again(sender: object, touched: Touched, progress: Progress) -> None:
    """Boundaries changed: shops that stand for themselves by their points; those indoors follow their rooms."""
    place_again(Premises, touched, progress)
    staff_follow(everything=touched is None)


@moved.connect
def move_with_rooms(sender: object, everything: bool) -> None:
    """Rooms or buildings lie elsewhere: their shops with them, except those given to another grid by hand."""
    by_rule = "t.placed_by IS DISTINCT FROM 'manual'"
    follow("premises", "rooms", "room_id", "room", by_rule, everything=everything)
    follow("premises", "buildings", "building_id", "building", f"t.room_id IS NULL AND {by_rule}", everything=everything)
    staff_follow(everything=everything)


def staff_follow(*, everything: bool) -> None:
    """Whoever works in a shop goes with it."""
    follow("premises_staff", "premises", "premises_id", "premises", everything=everything)


def stay_in_rooms() -> None:
    """After an import: a shop that has a room or a building lies there, whatever its coordinates say."""
    begin_moves()
    move_with_rooms("imports", everything=True)


def prepare_staff(staff: PremisesStaff, extra: dict[str, Any]) -> None:
    """Whoever works in a shop lies, for scope, where the shop lies."""
    premises = session().get(Premises, staff.premises_id)
    if premises is None or premises.retired_at:
        raise Invalid(f"营业场所 {staff.premises_id} 不存在或已注销。", code="unknown_reference")
    check_area(premises.area_code)
    staff.area_code, staff.placed_by = premises.area_code, "premises"
    if staff.resident_id is not None:
        resident = session().get(Resident, staff.resident_id)
        if resident is None or resident.retired_at:
            raise Invalid(f"居民 {staff.resident_id} 不存在或已注销。", code="unknown_reference")
        check_area(resident.area_code)
    if staff.since and staff.until and staff.until < staff.since:
        raise Invalid("离职日期早于入职日期。", code="bad_period")
    if staff.phone and (fault := phone_fault(staff.phone)):
        raise Invalid(f"{fault}。", code="bad_phone")


PREMISES = Register(
    "premises",
    "营业场所",
    Premises,
    read="premises.read",
    write="premises.write",
    search=("name", "code", "address"),
    codes={"verified_how": "verify_how"},
    masks={"phone": mask_phone},
    prepare=prepare_premises,
    read_only=("placed_reason", "pin_locked"),
    why=why,
)
STAFF = Register(
    "premises_staff",
    "从业人员",
    PremisesStaff,
    read="premises.read",
    write="premises.write",
    search=("name", "post"),
    masks={"phone": mask_phone},
    prepare=prepare_staff,
)
offer(
    Importable(
        name="premises",
        model=Premises,
        key="code",
        shape="point",
        synonyms={
            "code": ("编号", "场所编号"),
            "name": ("名称", "店名", "场所名称"),
            "trade": ("type", "行业", "类型"),
            "address": ("地址", "详细地址"),
            "credit_code": ("统一社会信用代码",),
            "phone": ("电话", "手机"),
        },
        right="premises.write",
        readers={"credit_code": read_credit_code},
        after=stay_in_rooms,
    )
)


class GridSchema(Strict):
    area_code = Text(required=True, validate=validate.Length(min=1, max=32), metadata={"title": "网格"})
    reason = Text(required=True, validate=validate.Length(min=2, max=200), metadata={"title": "理由"})


Shown = shown_schema(PREMISES)
blueprint = Blueprint("shops", __name__, url_prefix="/api/premises", description="营业场所归属")
_ONE = f"/<int(max={BIGINT}):key>"


@blueprint.route(f"{_ONE}/grid", methods=["PUT"])
@blueprint.arguments(GridSchema)
@blueprint.response(200, Shown)
@blueprint.doc(parameters=[IF_MATCH])
@require("premises.write")
def put_grid(asked: dict[str, Any], key: int) -> Any:
    """人工指定由另一网格负责，须写理由；留痕，并在 why 中说明"""
    return give_to_grid(key, wanted_version(), asked["area_code"], asked["reason"])


@blueprint.route(f"{_ONE}/grid", methods=["DELETE"])
@blueprint.response(200, Shown)
@blueprint.doc(parameters=[IF_MATCH])
@require("premises.write")
def delete_grid(key: int) -> Any:
    """取消人工指定，恢复按位置归属"""
    return take_back(key, wanted_version())


BLUEPRINTS = (register_blueprint(PREMISES), register_blueprint(STAFF), blueprint)
