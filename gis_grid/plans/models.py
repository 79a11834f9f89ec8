"""Plans (调整方案): drafts of new boundaries beside the valid ones, and what became of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import SRID, Base, Stamped


class Plan(Stamped, Base):
    """A draft, then approved for a day, then done; or withdrawn. Lies within `area_code`, whose scope may see it."""

    __tablename__ = "plans"
    __table_args__ = (
        sa.Index("ix_plans_area", "area_code", postgresql_ops={"area_code": "text_pattern_ops"}),
        {"comment": "调整方案", "info": {"history": True}},  # what was planned hinders no area from being retired
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), comment="方案名称")
    area_code: Mapped[str] = mapped_column(sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE"), comment="所在区域")
    remark: Mapped[str | None] = mapped_column(sa.Text, comment="说明")
    status: Mapped[str] = mapped_column(sa.String(12), server_default="draft", comment="状态")  # draft approved done withdrawn
    effective: Mapped[date | None] = mapped_column(sa.Date, comment="生效日期")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="拟定人")
    approved_by: Mapped[str | None] = mapped_column(sa.String(120), comment="批准人")
    approved_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="批准时间")
    done_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="生效时间")
    undo_of: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("plans.id"), comment="撤销的方案")
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="结果")


class PlanChange(Base):
    """What a plan does to one area: draw (another boundary), create, retire, or revive (a retired one returns)."""

    __tablename__ = "plan_changes"
    __table_args__ = (sa.UniqueConstraint("plan_id", "code"), {"comment": "方案内容"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("plans.id", ondelete="CASCADE"), comment="方案")
    code: Mapped[str] = mapped_column(sa.String(32), comment="区域编码")
    action: Mapped[str] = mapped_column(sa.String(8), comment="动作")
    level: Mapped[str] = mapped_column(sa.String(16), comment="层级")
    name: Mapped[str] = mapped_column(sa.String(100), comment="名称")
    name_before: Mapped[str | None] = mapped_column(sa.String(100), comment="原名称")
    kind: Mapped[str] = mapped_column(sa.String(16), server_default="ordinary", comment="网格性质")
    parent_code: Mapped[str | None] = mapped_column(sa.String(32), comment="上级编码")
    successors: Mapped[list[str]] = mapped_column(ARRAY(sa.String(32)), server_default="{}", comment="接续编码")
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=SRID, spatial_index=True), nullable=True, comment="边界")
    before: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=SRID, spatial_index=False), nullable=True, comment="原边界")
    before_id: Mapped[int | None] = mapped_column(sa.BigInteger, comment="原边界编号")  # what the draft was made from


class PlanStep(Base):
    """One step of drafting: the changes it touched, before and after, so that it can be undone and done again."""

    __tablename__ = "plan_steps"
    __table_args__ = ({"comment": "方案步骤"},)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("plans.id", ondelete="CASCADE"), index=True, comment="方案")
    operation: Mapped[str] = mapped_column(sa.String(12), comment="操作")
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="之前")  # code -> the change's columns, or null for none
    after: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="之后")
    undone: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", comment="已退回")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="操作人")
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="时间")
