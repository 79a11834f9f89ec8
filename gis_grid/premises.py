"""Shops and business premises: the table and its register."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base, Located, Pinned, Stamped, point_column
from gis_grid.sealed import Sealed


class Premises(Stamped, Located, Pinned, Base):
    """A shop, office or other place of business (营业场所)."""

    __tablename__ = "premises"
    __table_args__ = (Located.area_index("premises"), sa.Index("ix_premises_name", "name"), {"comment": "营业场所"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="场所编号")
    name: Mapped[str] = mapped_column(sa.String(200), comment="场所名称")
    trade: Mapped[str | None] = mapped_column(sa.String(200), comment="行业")
    credit_code: Mapped[str | None] = mapped_column(sa.String(18), comment="统一社会信用代码")
    address: Mapped[str | None] = mapped_column(sa.String(300), comment="地址")
    owner: Mapped[str | None] = mapped_column(sa.String(50), comment="负责人")
    phone: Mapped[str | None] = mapped_column(Sealed, comment="联系电话")
    building_id: Mapped[int | None] = mapped_column(
        sa.BigInteger, sa.ForeignKey("buildings.id"), index=True, comment="所在楼栋"
    )
    room_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("rooms.id"), comment="所在房屋")
    point = point_column()
