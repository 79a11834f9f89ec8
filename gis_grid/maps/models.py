"""What the map shows beneath the registers: roads, water, greens."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import SRID, Base


class BaseFeature(Base):
    """A road (line, with its class and width), a water body or a green (polygon). No personal data, no scope."""

    __tablename__ = "base_map"
    __table_args__ = (sa.Index("ix_base_map_kind", "kind"), {"comment": "底图要素"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(40), comment="来源")  # e.g. demo; reloading replaces a source whole
    kind: Mapped[str] = mapped_column(sa.String(12), comment="类别")  # road, water, green
    rank: Mapped[str | None] = mapped_column(sa.String(12), comment="等级")  # roads: trunk, main, street, lane
    name: Mapped[str | None] = mapped_column(sa.String(100), comment="名称")
    width_m: Mapped[float | None] = mapped_column(sa.Float, comment="宽度（米）")
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=SRID, spatial_index=True), comment="图形")
