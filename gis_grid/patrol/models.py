"""Patrol tracks: the track, its fixes, and what of it fell into which area."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import SRID, Base, Located, Stamped


class Track(Stamped, Located, Base):
    """One recorded walk or ride. Its own area_code is where most of its fixes lie; see track_areas for all."""

    __tablename__ = "tracks"
    __table_args__ = (
        Located.area_index("tracks"),
        sa.Index("ix_tracks_started_at", "started_at"),
        {"comment": "巡查轨迹", "info": {"history": True}},  # what was walked stays, whatever becomes of the area,
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    content_key: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="内容摘要")
    device: Mapped[str | None] = mapped_column(sa.String(64), comment="设备")
    worker: Mapped[str | None] = mapped_column(sa.String(50), comment="巡查人")
    format: Mapped[str] = mapped_column(sa.String(16), comment="格式")
    file_name: Mapped[str | None] = mapped_column(sa.String(200), comment="文件名")
    started_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="开始时间")
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="结束时间")
    fixes: Mapped[int] = mapped_column(sa.Integer, comment="定位点数")
    dropped: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", comment="剔除点数及原因")
    length_m: Mapped[float] = mapped_column(sa.Float, comment="里程（米）")
    minutes: Mapped[float] = mapped_column(sa.Float, comment="时长（分钟）")
    geom: Mapped[Any] = mapped_column(Geometry("MULTILINESTRING", srid=SRID, spatial_index=True), nullable=True, comment="轨迹线")


class TrackFix(Base):
    """One kept position of a track, time in UTC; no GiST here, ingest would pay three times for it."""

    __tablename__ = "track_fixes"

    track_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    segment: Mapped[int] = mapped_column(sa.Integer)
    at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    lon: Mapped[float] = mapped_column(sa.Double)
    lat: Mapped[float] = mapped_column(sa.Double)
    accuracy_m: Mapped[float | None] = mapped_column(sa.Double)
    speed_mps: Mapped[float | None] = mapped_column(sa.Double)
    area_code: Mapped[str | None] = mapped_column(sa.String(32))
    placed_by: Mapped[str | None] = mapped_column(sa.String(12))


class TrackArea(Base):
    """Fixes, metres and minutes of one track within one area."""

    __tablename__ = "track_areas"
    __table_args__ = (sa.Index("ix_track_areas_area", "area_code", postgresql_ops={"area_code": "text_pattern_ops"}),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    track_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("tracks.id", ondelete="CASCADE"), index=True)
    area_code: Mapped[str | None] = mapped_column(sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE"))
    fixes: Mapped[int] = mapped_column(sa.Integer)
    length_m: Mapped[float] = mapped_column(sa.Float)
    minutes: Mapped[float] = mapped_column(sa.Float)
