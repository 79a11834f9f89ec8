"""Estates, buildings, units and rooms."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base, Follower, Located, Pinned, Stamped, Verified, area_column, point_column


class Estate(Stamped, Located, Base):
    """A residential estate (小区)."""

    __tablename__ = "estates"
    __table_args__ = (Located.area_index("estates"), {"comment": "小区"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True, comment="小区编号")
    name: Mapped[str] = mapped_column(sa.String(100), comment="小区名称")
    address: Mapped[str | None] = mapped_column(sa.String(200), comment="地址")
    property_company: Mapped[str | None] = mapped_column(sa.String(100), comment="物业公司")
    point = point_column()
    outline = area_column("小区范围")


class Building(Stamped, Located, Pinned, Base):
    """A building: footprint, entrance (or a point inside), floors."""

    __tablename__ = "buildings"
    __table_args__ = (Located.area_index("buildings"), {"comment": "楼栋"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="楼栋编号")
    name: Mapped[str | None] = mapped_column(sa.String(100), comment="楼栋名称")
    estate_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("estates.id"), index=True, comment="所属小区")
    address: Mapped[str | None] = mapped_column(sa.String(200), comment="地址")
    use: Mapped[str | None] = mapped_column(sa.String(8), comment="建筑用途")
    floors_above: Mapped[int | None] = mapped_column(sa.SmallInteger, comment="地上层数")
    floors_below: Mapped[int | None] = mapped_column(sa.SmallInteger, comment="地下层数")
    height_m: Mapped[float | None] = mapped_column(sa.Float, comment="高度（米）")
    floor_order: Mapped[list[str] | None] = mapped_column(
        ARRAY(sa.String(10)), comment="楼层自下而上"
    )  # floor names as they really lie, with floors that have no rooms; empty: by number
    pin_locked: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", nullable=False, comment="锁定位置")
    point = point_column("入口或代表点")
    footprint = area_column("建筑轮廓")


class Unit(Stamped, Located, Base):
    """A stairwell of a building (单元) with its own entrance."""

    __tablename__ = "units"
    __table_args__ = (
        sa.UniqueConstraint("building_id", "name"),
        Located.area_index("units"),
        {"comment": "单元"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    building_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("buildings.id"), comment="所属楼栋")
    name: Mapped[str] = mapped_column(sa.String(20), comment="单元名称")
    position: Mapped[int] = mapped_column(sa.SmallInteger, server_default="1", comment="排列顺序")
    point = point_column("单元入口")


class Room(Stamped, Follower, Verified, Base):
    """A flat, shop floor or cellar, at a floor and a door of its unit; follows the unit's area."""

    __tablename__ = "rooms"
    __table_args__ = (
        sa.UniqueConstraint("unit_id", "number"),
        sa.Index("ix_rooms_building_id", "building_id"),
        Located.area_index("rooms"),
        {"comment": "房屋"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    building_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("buildings.id"), comment="所属楼栋")
    unit_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("units.id"), comment="所属单元")
    number: Mapped[str] = mapped_column(sa.String(20), comment="房号")
    floor: Mapped[int] = mapped_column(sa.SmallInteger, comment="楼层")  # below ground: -1, -2; there is no 0
    floor_label: Mapped[str | None] = mapped_column(sa.String(10), comment="楼层名称")  # a mezzanine: floor 1, 夹层
    door: Mapped[int] = mapped_column(sa.SmallInteger, comment="户号")  # 1 is leftmost
    door_span: Mapped[int] = mapped_column(sa.SmallInteger, server_default="1", comment="横向合并户数")
    floor_span: Mapped[int] = mapped_column(sa.SmallInteger, server_default="1", comment="向上合并层数")
    use: Mapped[str | None] = mapped_column(sa.String(8), comment="房屋类型")
    area_m2: Mapped[float | None] = mapped_column(sa.Float, comment="建筑面积（平方米）")
