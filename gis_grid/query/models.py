"""Queries and reports that people keep and share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base, Stamped


class SavedQuery(Stamped, Base):
    """A definition under a name. With an area code it is shared with everyone whose scope lies there."""

    __tablename__ = "saved_queries"
    __table_args__ = (sa.Index("ix_saved_queries_owner", "owner"), {"comment": "已存查询"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8), server_default="query", comment="种类")  # query, report
    register: Mapped[str] = mapped_column(sa.String(40), comment="登记表")
    name: Mapped[str] = mapped_column(sa.String(80), comment="名称")
    definition: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="定义"
    )  # where, columns, sort, widths; reports: by, measure
    owner: Mapped[str] = mapped_column(sa.String(120), comment="保存人")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, comment="用户")
    area_code: Mapped[str | None] = mapped_column(sa.String(32), comment="共享给")
