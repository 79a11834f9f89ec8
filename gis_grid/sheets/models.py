"""Which columns an office uses: saved once, used whenever its files come again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base


class SheetMapping(Base):
    """field -> column name, for one register and one source of files."""

    __tablename__ = "sheet_mappings"
    __table_args__ = ({"comment": "表格列的对应"},)

    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True, comment="登记表")
    source: Mapped[str] = mapped_column(sa.String(80), primary_key=True, comment="来源")
    columns: Mapped[dict[str, str]] = mapped_column(JSONB, comment="字段与列名")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="保存人")
    updated_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now(), onupdate=sa.func.now(), comment="更新时间"
    )
