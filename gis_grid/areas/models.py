"""Areas (districts, streets, communities, grids), their dated boundaries, and who is responsible for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import SRID, Base, Stamped, session

DEMO_PREFIX = "9901"  # area codes of the generated town; 990101 is assigned to no county


class Area(Stamped, Base):
    """An identity that lasts: its code is never reused. Where it lies on a day is in `boundaries`."""

    __tablename__ = "areas"
    __table_args__ = (
        sa.Index("ix_areas_code_prefix", "code", postgresql_ops={"code": "text_pattern_ops"}),
        sa.Index("ix_areas_parent_code", "parent_code"),
        {"comment": "区域"},
    )

    code: Mapped[str] = mapped_column(sa.String(32), primary_key=True, comment="编码")
    name: Mapped[str] = mapped_column(sa.String(100), comment="名称")
    level: Mapped[str] = mapped_column(sa.String(16), comment="层级")
    parent_code: Mapped[str | None] = mapped_column(
        sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE"), comment="上级编码"
    )
    kind: Mapped[str] = mapped_column(sa.String(16), server_default="ordinary", comment="网格性质")
    extent: Mapped[str | None] = mapped_column(sa.Text, comment="管辖范围")
    remark: Mapped[str | None] = mapped_column(sa.Text, comment="备注")


class Boundary(Base):
    """Where an area lies during a period; no two periods of one area overlap."""

    __tablename__ = "boundaries"
    __table_args__ = (
        ExcludeConstraint(("area_code", "="), ("valid", "&&"), name="ex_boundaries_one_at_a_time", using="gist"),
        {"comment": "边界"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    area_code: Mapped[str] = mapped_column(
        sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE", ondelete="CASCADE"), comment="区域编码"
    )
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=SRID, spatial_index=True), nullable=False, comment="边界")
    valid: Mapped[Range[date]] = mapped_column(DATERANGE, comment="有效期")
    kind: Mapped[str] = mapped_column(sa.String(16), comment="网格性质")  # on those days
    name: Mapped[str | None] = mapped_column(sa.String(100), comment="当时的名称")  # where today's is another
    is_big: Mapped[bool] = mapped_column(sa.Boolean, sa.Computed("ST_NPoints(geom) > 256", persisted=True), comment="点多")
    source_crs: Mapped[str | None] = mapped_column(sa.String(20), comment="原坐标系")
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="登记时间")


class ReplacedBoundary(Base):
    """A boundary corrected on the very day it began: the last of a day holds for the whole day, the others are kept here."""

    __tablename__ = "replaced_boundaries"
    __table_args__ = ({"comment": "当日更正前的边界"},)

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)  # that of the boundary it was
    area_code: Mapped[str] = mapped_column(
        sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE", ondelete="CASCADE"), index=True, comment="区域编码"
    )
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=SRID, spatial_index=False), nullable=False, comment="边界")
    since: Mapped[date] = mapped_column(sa.Date, comment="生效日期")
    source_crs: Mapped[str | None] = mapped_column(sa.String(20), comment="原坐标系")
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="登记时间")
    replaced_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="更正时间")
    replaced_by: Mapped[str] = mapped_column(sa.String(120), comment="更正人")


class Succession(Base):
    """Which areas go on where a retired one ended; the first is the one that takes what has no place of its own."""

    __tablename__ = "successions"
    __table_args__ = ({"comment": "区域接续"},)

    code: Mapped[str] = mapped_column(
        sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True, comment="已注销编码"
    )
    successor: Mapped[str] = mapped_column(
        sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True, comment="接续编码"
    )
    position: Mapped[int] = mapped_column(sa.SmallInteger, comment="顺序")
    since: Mapped[date] = mapped_column(sa.Date, comment="自")


class BoundaryPart(Base):
    """A piece of a boundary with many vertices, cut by a trigger; searched instead of the whole."""

    __tablename__ = "boundary_parts"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    boundary_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("boundaries.id", ondelete="CASCADE"), index=True)
    geom: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=SRID, spatial_index=True), nullable=False)


class AreaCell(Base):
    """A cell of the lattice of the lowest level that lies wholly in one area. Read by grid_of and grids_of."""

    __tablename__ = "area_cells"

    cell: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    area_code: Mapped[str] = mapped_column(sa.String(32))


class EdgeCell(Base):
    """A cell that edges run through: the one or two areas to test there, or `more` of them."""

    __tablename__ = "edge_cells"

    cell: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    one: Mapped[str | None] = mapped_column(sa.String(32))
    other: Mapped[str | None] = mapped_column(sa.String(32))
    more: Mapped[list[str] | None] = mapped_column(ARRAY(sa.String(32)))


class PlaceRule(Base):
    """The one row that tells SQL what the settings say of the rule, and for which boundaries and days the cells count."""

    __tablename__ = "place_rule"

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    levels: Mapped[list[str]] = mapped_column(ARRAY(sa.String(16)))  # from the lowest up
    nearest_m: Mapped[float] = mapped_column(sa.Double)
    time_zone: Mapped[str] = mapped_column(sa.String(60))
    cell_degrees: Mapped[float | None] = mapped_column(sa.Double)
    cells_version: Mapped[int | None] = mapped_column(sa.BigInteger)
    cells_valid: Mapped[Range[date] | None] = mapped_column(DATERANGE)


class Staff(Stamped, Base):
    """Who is responsible for an area (网格队伍): post, duty, duty phone."""

    __tablename__ = "staff"
    __table_args__ = (
        sa.Index("ix_staff_area", "area_code", postgresql_ops={"area_code": "text_pattern_ops"}),
        {"comment": "网格队伍"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    area_code: Mapped[str] = mapped_column(sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE"), comment="负责区域")
    name: Mapped[str] = mapped_column(sa.String(50), comment="姓名")
    post: Mapped[str] = mapped_column(sa.String(16), comment="岗位")
    duty_phone: Mapped[str | None] = mapped_column(sa.String(20), comment="值班电话")
    duty: Mapped[str | None] = mapped_column(sa.Text, comment="工作职责")
    since: Mapped[date | None] = mapped_column(sa.Date, comment="任职日期")
    until: Mapped[date | None] = mapped_column(sa.Date, comment="离任日期")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id"), comment="登录账号")


def has_demo() -> bool:
    """Whether any area of the generated demo town is there."""
    return session().scalar(sa.select(Area.code).where(Area.code.startswith(DEMO_PREFIX)).limit(1)) is not None
