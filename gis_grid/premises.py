"""Shops and business premises: the table and its register."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.access.guard import check_area
from gis_grid.areas.actions import place
from gis_grid.areas.reassign import Progress, Touched, begin_moves, changed, follow, place_again
from gis_grid.buildings.actions import moved
from gis_grid.buildings.models import Building, Room
from gis_grid.db import Base, Located, Pinned, Stamped, point_column, session
from gis_grid.errors import Invalid
from gis_grid.imports import Importable, offer
from gis_grid.people.rules import phone_fault
from gis_grid.register import Register, register_blueprint
from gis_grid.sealed import Sealed, mask_phone


class Premises(Stamped, Located, Pinned, Base):
    """A shop, office or other place of business (营业场所)."""

    __tablename__ = "premises"
    __table_args__ = (Located.area_index("premises"), sa.Index("ix_premises_name", "name"), {"comment": "营业场所"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="场所编号")
    name: Mapped[str] = mapped_column(sa.String(200), comment="场所名称")
    trade: Mapped[str | None] = mapped_column(sa.String(200), comment="行业")
    credit_code: Mapped[str | None] = mapped_column(sa.String(18), comment="统一社会信用代码")
    address: Mapped[str | None] = mapped_column(sa.String(300), comment="地址")
    owner: Mapped[str | None] = mapped_column(sa.String(50), comment="负责人")
    phone: Mapped[str | None] = mapped_column(Sealed, comment="联系电话")
    building_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("buildings.id"), index=True, comment="所在楼栋")
    room_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("rooms.id"), index=True, comment="所在房屋")
    point = point_column()


def prepare_premises(premises: Premises, extra: dict[str, Any]) -> None:
    """Indoor first: placed by its room, then its building, then its own point."""
    inside = _inside_of(premises)
    if inside is not None:
        premises.area_code = inside.area_code
        premises.placed_by = "room" if isinstance(inside, Room) else "building"
        premises.building_id = inside.building_id if isinstance(inside, Room) else inside.id
    elif premises.point is not None:
        premises.area_code, premises.placed_by = place(premises.point)
    else:
        raise Invalid("营业场所须有位置（point）、房屋（room_id）或楼栋（building_id）。", code="no_position")
    if premises.phone and (fault := phone_fault(premises.phone)):
        raise Invalid(f"{fault}。", code="bad_phone")


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


@moved.connect
def move_with_rooms(sender: object, everything: bool) -> None:
    """Rooms or buildings lie elsewhere: their shops with them, except those given to another grid by hand."""
    by_rule = "t.placed_by IS DISTINCT FROM 'manual'"
    follow("premises", "rooms", "room_id", "room", by_rule, everything=everything)
    follow("premises", "buildings", "building_id", "building", f"t.room_id IS NULL AND {by_rule}", everything=everything)


def stay_in_rooms() -> None:
    """After an import: a shop that has a room or a building lies there, whatever its coordinates say."""
    begin_moves()
    move_with_rooms("imports", everything=True)


PREMISES = Register(
    "premises",
    "营业场所",
    Premises,
    read="premises.read",
    write="premises.write",
    search=("name", "code", "address"),
    masks={"phone": mask_phone},
    prepare=prepare_premises,
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
        after=stay_in_rooms,
    )
)
BLUEPRINTS = (register_blueprint(PREMISES),)
