"""Coordinate pins: place or drag the point of a household, shop or building, after seeing which grid it would fall into."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import SRID, Base


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


BLUEPRINTS: tuple[object, ...] = ()
