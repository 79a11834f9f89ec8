"""Households and residents. Who lives where follows the room, never a GPS position."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base, Follower, Located, Stamped
from gis_grid.sealed import Sealed


class Household(Stamped, Follower, Base):
    """People registered together (户)."""

    __tablename__ = "households"
    __table_args__ = (Located.area_index("households"), {"comment": "住户"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40), unique=True, comment="户籍编号")
    room_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("rooms.id"), index=True, comment="房屋")
    kind: Mapped[str | None] = mapped_column(sa.String(8), comment="户别")
    remark: Mapped[str | None] = mapped_column(sa.Text, comment="备注")


class Resident(Stamped, Follower, Base):
    """A person. Identity number and phone are sealed; their fingerprints find them again."""

    __tablename__ = "residents"
    __table_args__ = (
        sa.Index("ix_residents_id_number_hash", "id_number_hash", unique=True, postgresql_where=sa.text("retired_at IS NULL")),
        sa.Index("ix_residents_phone_hash", "phone_hash"),
        sa.Index("ix_residents_name", "name"),
        sa.Index("ix_residents_initials", sa.text("pinyin_initials(name)")),
        sa.Index("ix_residents_birth_date", "birth_date"),
        sa.Index("ix_residents_updated_at", "updated_at"),
        sa.Index("ix_residents_classes", "classes", postgresql_using="gin"),
        Located.area_index("residents"),
        {"comment": "居民"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50), comment="姓名")
    household_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("households.id"), index=True, comment="住户")
    relation: Mapped[str | None] = mapped_column(sa.String(4), comment="与户主关系")
    id_type: Mapped[str | None] = mapped_column(sa.String(4), server_default="111", comment="证件类型")
    id_number: Mapped[str | None] = mapped_column(Sealed, comment="证件号码")
    id_number_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    sex: Mapped[str | None] = mapped_column(sa.String(1), comment="性别")
    birth_date: Mapped[date | None] = mapped_column(sa.Date, comment="出生日期")
    ethnic: Mapped[str | None] = mapped_column(sa.String(2), comment="民族")
    education: Mapped[str | None] = mapped_column(sa.String(2), comment="学历")
    marital: Mapped[str | None] = mapped_column(sa.String(2), comment="婚姻状况")
    phone: Mapped[str | None] = mapped_column(Sealed, comment="联系电话")
    phone_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    classes: Mapped[list[str]] = mapped_column(ARRAY(sa.String(16)), server_default="{}", comment="人员类别")
    remark: Mapped[str | None] = mapped_column(sa.Text, comment="备注")
