"""Code tables and what was changed in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base

Words = list[str]


class Entry(Base):
    """One code of one list. `own`: changed or added here, so that a new release leaves it alone."""

    __tablename__ = "dictionary"
    __table_args__ = ({"comment": "代码表"},)

    list: Mapped[str] = mapped_column(sa.String(60), primary_key=True, comment="代码表")
    code: Mapped[str] = mapped_column(sa.String(20), primary_key=True, comment="代码")
    name: Mapped[str] = mapped_column(sa.String(200), comment="名称")
    position: Mapped[int] = mapped_column(sa.Integer, comment="顺序")
    source: Mapped[str | None] = mapped_column(sa.Text, comment="来源")
    sensitive: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", comment="敏感")
    synonyms: Mapped[Words] = mapped_column(ARRAY(sa.Text), server_default="{}", comment="同义词")
    retired: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", comment="已停用")
    own: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", comment="本单位修改过")
    version: Mapped[int] = mapped_column(sa.Integer, server_default="1", comment="版本")


class EntryChange(Base):
    """One change of one entry: every version stays readable."""

    __tablename__ = "dictionary_changes"
    __table_args__ = (sa.Index("ix_dictionary_changes_entry", "list", "code"), {"comment": "代码表修改记录"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    list: Mapped[str] = mapped_column(sa.String(60), comment="代码表")
    code: Mapped[str] = mapped_column(sa.String(20), comment="代码")
    version: Mapped[int] = mapped_column(sa.Integer, comment="版本")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="之前")
    after: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="之后")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="修改人")
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="修改时间")
