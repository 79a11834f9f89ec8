"""Households, residents and what belongs to them. Who lives where follows the room, never a GPS position."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gis_grid.db import Base, Follower, Located, Stamped, Verified, point_column
from gis_grid.sealed import Sealed


class Household(Stamped, Follower, Base):
    """People registered together (户)."""

    __tablename__ = "households"
    __table_args__ = (
        Located.area_index("households"),
        sa.Index("idx_households_point", "point", postgresql_using="gist", postgresql_where=sa.text("point IS NOT NULL")),
        {"comment": "住户"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40), unique=True, comment="户籍编号", info={"filled": True})
    room_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("rooms.id"), index=True, comment="房屋")
    kind: Mapped[str | None] = mapped_column(sa.String(8), comment="户别")
    registration: Mapped[str | None] = mapped_column(sa.String(2), comment="户口类型")
    remark: Mapped[str | None] = mapped_column(sa.Text, comment="备注")
    point = point_column("图上位置", indexed=False)  # only where it is drawn; where it belongs is told by its room
    pin_locked: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", nullable=False, comment="锁定位置")


HAS_CLASSES = "classes <> '{}'"  # one in twenty: the others cost the index of classes nothing when they move


class Resident(Stamped, Follower, Verified, Base):
    """A person. Identity number and phone are sealed; their fingerprints find them again."""

    __tablename__ = "residents"
    __table_args__ = (
        sa.Index("ix_residents_id_number_hash", "id_number_hash", unique=True, postgresql_where=sa.text("retired_at IS NULL")),
        sa.Index("ix_residents_name", "name"),
        sa.Index("ix_residents_birth_date", "birth_date"),
        sa.Index("ix_residents_updated_at_id", "updated_at", "id"),  # an import changes thousands in the same moment
        sa.Index("ix_residents_due_on_id", "due_on", "id"),
        # who lives in many households is told from the index alone
        sa.Index("ix_residents_household", "household_id", "id", postgresql_include=["retired_at"]),
        sa.Index("ix_residents_classes", "classes", postgresql_using="gin", postgresql_where=sa.text(HAS_CLASSES)),
        Located.area_index("residents"),
        {"comment": "居民"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50), comment="姓名")
    initials: Mapped[str] = mapped_column(
        sa.Text, sa.Computed("pinyin_initials(name)", persisted=True), deferred=True
    )  # kept in the row: an index on the expression would ask it again at every move
    household_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("households.id"), comment="住户")
    relation: Mapped[str | None] = mapped_column(sa.String(4), comment="与户主关系")
    id_type: Mapped[str | None] = mapped_column(sa.String(4), server_default="111", comment="证件类型")
    id_number: Mapped[str | None] = mapped_column(Sealed, comment="证件号码")
    id_number_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    id_number_tail: Mapped[int | None] = mapped_column(sa.Integer)
    sex: Mapped[str | None] = mapped_column(sa.String(1), comment="性别")
    birth_date: Mapped[date | None] = mapped_column(sa.Date, comment="出生日期")
    ethnic: Mapped[str | None] = mapped_column(sa.String(2), comment="民族")
    education: Mapped[str | None] = mapped_column(sa.String(2), comment="学历")
    marital: Mapped[str | None] = mapped_column(sa.String(2), comment="婚姻状况")
    phone: Mapped[str | None] = mapped_column(Sealed, comment="联系电话")
    phone_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    phone_tail: Mapped[int | None] = mapped_column(sa.Integer)
    classes: Mapped[list[str]] = mapped_column(
        ARRAY(sa.String(16)), server_default="{}", comment="人员类别"
    )  # the codes of today's tags; their days and sources are in resident_tags
    remark: Mapped[str | None] = mapped_column(sa.Text, comment="备注")
    former_name: Mapped[str | None] = mapped_column(sa.String(50), comment="曾用名")
    native_place: Mapped[str | None] = mapped_column(sa.String(100), comment="籍贯")
    birth_place: Mapped[str | None] = mapped_column(sa.String(100), comment="出生地")
    registered_address: Mapped[str | None] = mapped_column(sa.String(200), comment="户籍地址")
    registration: Mapped[str | None] = mapped_column(sa.String(2), comment="户口类型")
    political: Mapped[str | None] = mapped_column(sa.String(2), comment="政治面貌")
    nationality: Mapped[str | None] = mapped_column(sa.String(3), comment="国籍")
    occupation: Mapped[str | None] = mapped_column(sa.String(50), comment="职业")
    workplace: Mapped[str | None] = mapped_column(sa.String(100), comment="服务处所")
    left_on: Mapped[date | None] = mapped_column(sa.Date, comment="离开日期")
    left_why: Mapped[str | None] = mapped_column(sa.String(12), comment="离开原因")
    merged_into: Mapped[int | None] = mapped_column(sa.BigInteger, comment="已并入居民")
    tags: Mapped[list[ResidentTag]] = relationship(cascade="all", order_by="ResidentTag.id")


class ResidentKey(Base):
    """What finds a resident again, copied by triggers: a million people move to other areas without writing these indexes."""

    __tablename__ = "resident_keys"
    __table_args__ = (
        sa.Index("ix_resident_keys_initials", "initials", "resident_id"),
        sa.Index("ix_resident_keys_phone_hash", "phone_hash", postgresql_using="hash"),
        sa.Index("ix_resident_keys_phone_tail", "phone_tail", postgresql_using="hash"),
        sa.Index("ix_resident_keys_id_number_tail", "id_number_tail", postgresql_using="hash"),
        {"comment": "居民检索键"},
    )

    resident_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False, comment="居民")
    initials: Mapped[str] = mapped_column(sa.Text, comment="姓名拼音首字母")
    phone_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    phone_tail: Mapped[int | None] = mapped_column(sa.Integer)
    id_number_tail: Mapped[int | None] = mapped_column(sa.Integer)


def found_by(*conditions: Any) -> Any:
    """The condition on residents whose `ResidentKey` fulfils these."""
    return Resident.id.in_(sa.select(ResidentKey.resident_id).where(*conditions))


class ResidentTag(Base):
    """A class a person belongs to from one day to another (人员类别), and how that is known."""

    __tablename__ = "resident_tags"
    __table_args__ = (
        sa.Index("ix_resident_tags_until", "until", postgresql_where=sa.text("until IS NOT NULL")),
        {"comment": "人员类别记录"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    resident_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("residents.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(sa.String(16), comment="类别")
    since: Mapped[date | None] = mapped_column(sa.Date, comment="自")
    until: Mapped[date | None] = mapped_column(sa.Date, comment="至")  # the first day it no longer holds
    source: Mapped[str | None] = mapped_column(sa.String(100), comment="来源")
    note: Mapped[str | None] = mapped_column(sa.Text, comment="说明")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="登记人")
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="登记时间")


class HomeChange(Base):
    """One thing that happened to a household or a person: moved, split, merged, born, died ... `detail` can undo a merge."""

    __tablename__ = "home_changes"
    __table_args__ = (
        sa.Index("ix_home_changes_residents", "resident_ids", postgresql_using="gin"),
        sa.Index("ix_home_changes_households", "household_ids", postgresql_using="gin"),
        sa.Index("ix_home_changes_area", "area_code", postgresql_ops={"area_code": "text_pattern_ops"}),
        {"comment": "住户变动"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16), comment="变动")
    on_day: Mapped[date] = mapped_column(sa.Date, comment="日期")
    household_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), comment="住户")
    resident_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), comment="居民")
    room_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), comment="房屋")  # from, to
    area_code: Mapped[str | None] = mapped_column(sa.String(32), comment="所属网格")
    reason: Mapped[str | None] = mapped_column(sa.String(200), comment="原因")
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", comment="详情")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="经办人")
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="登记时间")
    undone_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="撤销时间")


class Valuable(Stamped, Follower, Base):
    """Something of worth a person owns (大宗财产): a car, a computer."""

    __tablename__ = "valuables"
    __table_args__ = (Located.area_index("valuables"), {"comment": "大宗财产"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    resident_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("residents.id"), index=True, comment="所有人")
    kind: Mapped[str] = mapped_column(sa.String(16), comment="财产类别")
    name: Mapped[str] = mapped_column(sa.String(100), comment="财产名称")
    brand: Mapped[str | None] = mapped_column(sa.String(100), comment="品牌型号")
    number: Mapped[str | None] = mapped_column(sa.String(60), comment="号牌或编号")
    value_yuan: Mapped[float | None] = mapped_column(sa.Float, comment="价值（元）")
    bought_on: Mapped[date | None] = mapped_column(sa.Date, comment="购置日期")
    remark: Mapped[str | None] = mapped_column(sa.Text, comment="备注")
