"""Patrol: devices, their fixes by day, and what was made of them: tracks of a day, segments, stays, visits, last positions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import SRID, Base, Located, Stamped, point_column

HISTORY = {"history": True}  # what was walked stays where it was, whatever becomes of the area


class Device(Stamped, Located, Base):
    """A phone or tracker: whose it is, how it speaks. The key is shown once and stored hashed; without one it cannot send."""

    __tablename__ = "devices"
    __table_args__ = (Located.area_index("devices"), {"comment": "巡查设备", "info": HISTORY})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="设备编号")
    name: Mapped[str | None] = mapped_column(sa.String(100), comment="设备名称")
    worker: Mapped[str | None] = mapped_column(sa.String(50), comment="巡查人")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id"), comment="登录账号")
    crs: Mapped[str] = mapped_column(sa.String(20), server_default="wgs84", comment="坐标系")
    speed_unit: Mapped[str] = mapped_column(sa.String(8), server_default="knots", comment="速度单位")  # knots, mps, kmh
    key_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary, unique=True, comment="密钥摘要")


class TrackFix(Base):
    """One position of a device, partitioned by day; its flags say what was found of it. No GiST: ingest would pay three times."""

    __tablename__ = "fixes"
    __table_args__ = (
        sa.Index("ix_fixes_at", "at", postgresql_using="brin"),
        {"comment": "定位点", "postgresql_partition_by": "RANGE (at)"},
    )

    device_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    lon: Mapped[float] = mapped_column(sa.Double)
    lat: Mapped[float] = mapped_column(sa.Double)
    accuracy_m: Mapped[float | None] = mapped_column(sa.REAL)
    speed_mps: Mapped[float | None] = mapped_column(sa.REAL)
    course_deg: Mapped[float | None] = mapped_column(sa.REAL)
    ele_m: Mapped[float | None] = mapped_column(sa.REAL)
    battery: Mapped[float | None] = mapped_column(sa.REAL)
    flags: Mapped[int] = mapped_column(sa.Integer)  # fixes.Flag
    area_code: Mapped[str | None] = mapped_column(sa.String(32))


class Upload(Base):
    """A file that came: what was in it, what of it was new, what was refused and why."""

    __tablename__ = "track_uploads"
    __table_args__ = ({"comment": "轨迹上传"},)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="上传时间")
    by: Mapped[str] = mapped_column(sa.String(120), comment="上传人")
    format: Mapped[str] = mapped_column(sa.String(16), comment="格式")
    file_name: Mapped[str | None] = mapped_column(sa.String(200), comment="文件名")
    received: Mapped[int] = mapped_column(sa.Integer, comment="收到定位点数")
    stored: Mapped[int] = mapped_column(sa.Integer, comment="新存定位点数")
    refused: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", comment="拒收点数及原因")


class Track(Stamped, Located, Base):
    """What one device walked on one day. Its own area_code is where most of it lies; see track_areas for all."""

    __tablename__ = "tracks"
    __table_args__ = (
        Located.area_index("tracks"),
        sa.UniqueConstraint("device_id", "day"),
        sa.Index("ix_tracks_day", "day"),
        sa.Index("ix_tracks_shape_key", "shape_key"),
        {"comment": "巡查轨迹", "info": HISTORY},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    device_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("devices.id", ondelete="CASCADE"), comment="设备")
    day: Mapped[date] = mapped_column(sa.Date, comment="日期")
    device: Mapped[str] = mapped_column(sa.String(64), comment="设备编号")
    worker: Mapped[str | None] = mapped_column(sa.String(50), comment="巡查人")
    started_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="开始时间")
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="结束时间")
    fixes: Mapped[int] = mapped_column(sa.Integer, comment="定位点数")
    flagged: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", comment="标记点数及原因")
    length_m: Mapped[float] = mapped_column(sa.Float, comment="里程（米）")
    minutes: Mapped[float] = mapped_column(sa.Float, comment="时长（分钟）")
    doubt: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0", comment="可疑程度（0-100）")
    doubts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", comment="可疑之处")
    shape_key: Mapped[int | None] = mapped_column(sa.BigInteger, comment="形状摘要")


class TrackArea(Base):
    """Fixes, metres and minutes of one track within one area, and which targets there it passed."""

    __tablename__ = "track_areas"
    __table_args__ = (sa.Index("ix_track_areas_area", "area_code", "day", postgresql_ops={"area_code": "text_pattern_ops"}),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    track_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("tracks.id", ondelete="CASCADE"), index=True)
    area_code: Mapped[str | None] = mapped_column(sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE"))
    day: Mapped[date] = mapped_column(sa.Date)
    fixes: Mapped[int] = mapped_column(sa.Integer)
    length_m: Mapped[float] = mapped_column(sa.Float)
    minutes: Mapped[float] = mapped_column(sa.Float)
    targets: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), server_default="{}")


class Segment(Base):
    """Ten minutes of a track without a gap, as a line whose M is epoch seconds: for drawing, playing back and searching."""

    __tablename__ = "track_segments"
    __table_args__ = (
        sa.Index("ix_track_segments_device_id", "device_id", "started_at"),
        sa.Index("ix_track_segments_started_at", "started_at", postgresql_using="brin"),
        {"comment": "轨迹段"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    track_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("tracks.id", ondelete="CASCADE"), index=True)
    device_id: Mapped[int] = mapped_column(sa.BigInteger)
    started_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    ended_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    fixes: Mapped[int] = mapped_column(sa.Integer)
    area_code: Mapped[str | None] = mapped_column(sa.String(32))
    geom: Mapped[Any] = mapped_column(Geometry("LINESTRINGM", srid=SRID, dimension=3, spatial_index=True), nullable=False)


class ArchivedSegment(Base):
    """A segment after thinning, as TWKB (6 decimals, whole seconds): a few bytes a fix."""

    __tablename__ = "track_archive"

    track_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    fixes: Mapped[int] = mapped_column(sa.Integer)
    twkb: Mapped[bytes] = mapped_column(sa.LargeBinary)


class Stay(Base):
    """Where somebody stood for a while."""

    __tablename__ = "track_stays"
    __table_args__ = ({"comment": "停留"},)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    track_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("tracks.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="开始")
    ended_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="结束")
    area_code: Mapped[str | None] = mapped_column(sa.String(32), comment="网格")
    point = point_column(nullable=False)


class LastPosition(Base):
    """The latest fix of each device, for the live map."""

    __tablename__ = "last_positions"
    __table_args__ = ({"comment": "最新位置"},)

    device_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="时间")
    lon: Mapped[float] = mapped_column(sa.Double)
    lat: Mapped[float] = mapped_column(sa.Double)
    accuracy_m: Mapped[float | None] = mapped_column(sa.REAL, comment="精度（米）")
    speed_mps: Mapped[float | None] = mapped_column(sa.REAL, comment="速度（米/秒）")
    battery: Mapped[float | None] = mapped_column(sa.REAL, comment="电量（%）")
    flags: Mapped[int] = mapped_column(sa.Integer)
    area_code: Mapped[str | None] = mapped_column(sa.String(32), comment="网格")
    received_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="收到时间")


class DueDay(Base):
    """A day of a device with fixes that its track does not know of yet."""

    __tablename__ = "track_days_due"

    device_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    since: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class Target(Stamped, Located, Base):
    """What a patrol should pass: a piece of street, an entrance, a checkpoint, a key place; within `radius_m` metres."""

    __tablename__ = "patrol_targets"
    __table_args__ = (
        Located.area_index("patrol_targets"),
        sa.UniqueConstraint("kind", "source"),
        {"comment": "巡查目标"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(12), comment="类别")  # street, entrance, checkpoint, key_place
    source: Mapped[str | None] = mapped_column(sa.String(60), comment="来源")  # which street, unit ...; none: made by hand
    name: Mapped[str | None] = mapped_column(sa.String(100), comment="名称")
    weight: Mapped[float] = mapped_column(sa.Float, server_default="1", comment="权重")
    radius_m: Mapped[float] = mapped_column(sa.Float, server_default="25", comment="半径（米）")
    dwell_seconds: Mapped[int] = mapped_column(sa.Integer, server_default="0", comment="最短停留（秒）")
    point = point_column()
    line: Mapped[Any] = mapped_column(Geometry("LINESTRING", srid=SRID, spatial_index=True), nullable=True, comment="线")


class Visit(Base):
    """A device was at a target (not a street) from, to."""

    __tablename__ = "track_visits"
    __table_args__ = (sa.Index("ix_track_visits_target_id", "target_id", "started_at"), {"comment": "到访"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    track_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("tracks.id", ondelete="CASCADE"), index=True)
    target_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("patrol_targets.id", ondelete="CASCADE"))
    started_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="开始")
    ended_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="结束")
    nearest_m: Mapped[float] = mapped_column(sa.REAL, comment="最近距离（米）")
