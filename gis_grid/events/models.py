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
        sa.Index(
            "ix_events_number_tail",
            sa.func.reverse(sa.literal_column("number")).label("tail"),
            postgresql_ops={"tail": "text_pattern_ops"},
        ),
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


class EventOwner(Base):
    """One with a claim on an event: its grid, an exclusive grid, the property company of an estate. One is responsible."""

    __tablename__ = "event_owners"
    __table_args__ = ({"comment": "事件责任主体"},)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("events.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(12), comment="类别")  # exclusive, grid, property
    area_code: Mapped[str | None] = mapped_column(
        sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE", ondelete="CASCADE"), comment="网格"
    )
    estate_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("estates.id", ondelete="CASCADE"), comment="小区")
    name: Mapped[str | None] = mapped_column(sa.String(100), comment="名称")
    is_responsible: Mapped[bool] = mapped_column(sa.Boolean, comment="负责")
