"""Photos: whose they are and under which content hash their files lie."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base


class Photo(Base):
    """One picture of one row. Two rows may share the same file; a file without rows is swept."""

    __tablename__ = "photos"
    __table_args__ = (
        sa.Index("ix_photos_owner", "owner_kind", "owner_id", postgresql_where=sa.text("retired_at IS NULL")),
        {"comment": "照片"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    owner_kind: Mapped[str] = mapped_column(sa.String(16), comment="对象")  # the name of its register
    owner_id: Mapped[int] = mapped_column(sa.BigInteger, comment="对象编号")
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True, comment="内容摘要")
    name: Mapped[str | None] = mapped_column(sa.String(150), comment="原文件名")
    width: Mapped[int] = mapped_column(sa.Integer, comment="宽（像素）")
    height: Mapped[int] = mapped_column(sa.Integer, comment="高（像素）")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="上传人")
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="上传时间")
    retired_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="注销时间")
