"""Jobs as their owner sees them; the queue itself belongs to procrastinate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base


class Job(Base):
    """One piece of long work, done with the rights and scope of whoever asked for it."""

    __tablename__ = "jobs"
    __table_args__ = ({"comment": "后台任务"},)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True, comment="任务编号")
    kind: Mapped[str] = mapped_column(sa.String(40), comment="类型")
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="参数")
    status: Mapped[str] = mapped_column(sa.String(12), server_default="queued", comment="状态")
    done: Mapped[int] = mapped_column(sa.BigInteger, server_default="0", comment="已完成")
    total: Mapped[int | None] = mapped_column(sa.BigInteger, comment="总数")
    message: Mapped[str | None] = mapped_column(sa.Text, comment="说明")
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="结果")
    starts: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0", comment="启动次数")
    cancel: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", comment="要求取消")
    owner: Mapped[str] = mapped_column(sa.String(120), comment="提交人")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, comment="用户")
    rights: Mapped[list[str]] = mapped_column(ARRAY(sa.String(40)), comment="权限")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.String(32)), comment="数据范围")
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="提交时间")
    started_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="开始时间")
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="结束时间")
