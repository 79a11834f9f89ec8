"""Events: what happened, where, in which grid."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base, Located, Pinned, Stamped, point_column


class Event(Stamped, Located, Pinned, Base):
    """A reported event (事件)."""

    __tablename__ = "events"
    __table_args__ = (
        Located.area_index("events"),
        sa.Index("ix_events_reported_at", "reported_at"),
        {"comment": "事件"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="事件编号")
    category: Mapped[str | None] = mapped_column(sa.String(50), comment="事件类别")
    title: Mapped[str | None] = mapped_column(sa.String(200), comment="标题")
    description: Mapped[str | None] = mapped_column(sa.Text, comment="描述")
    address: Mapped[str | None] = mapped_column(sa.String(300), comment="地址")
    source: Mapped[str | None] = mapped_column(sa.String(50), comment="来源")
    status: Mapped[str] = mapped_column(sa.String(16), server_default="reported", comment="状态")
    reported_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="上报时间")
    closed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="结案时间")
    point = point_column()
