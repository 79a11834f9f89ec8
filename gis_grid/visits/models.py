"""Visits: one row for each time somebody made sure that a room, its people or a shop are as recorded."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base, Follower, Located


class Visit(Follower, Base):
    """A visit. The rows it confirmed carry its time as verified_at; a visit that met nobody confirms nothing."""

    __tablename__ = "visits"
    __table_args__ = (Located.area_index("visits"), {"comment": "走访", "info": {"history": True}})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="走访时间")
    how: Mapped[str] = mapped_column(sa.String(12), comment="核实方式")
    result: Mapped[str] = mapped_column(sa.String(12), comment="结果")
    room_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("rooms.id"), index=True, comment="房屋")
    premises_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("premises.id"), index=True, comment="营业场所")
    resident_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), server_default="{}", comment="核实的居民")
    note: Mapped[str | None] = mapped_column(sa.Text, comment="情况")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="走访人")
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="登记时间")
