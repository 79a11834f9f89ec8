"""Who may do what, where: users, roles, sign-in sessions, bearer tokens."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base, Stamped
from gis_grid.sealed import Sealed


class Role(Stamped, Base):
    """A named set of rights."""

    __tablename__ = "roles"
    __table_args__ = ({"comment": "角色"},)

    code: Mapped[str] = mapped_column(sa.String(32), primary_key=True, comment="编码")
    name: Mapped[str] = mapped_column(sa.String(50), comment="名称")
    rights: Mapped[list[str]] = mapped_column(ARRAY(sa.String(40)), server_default="{}", comment="权限")


class User(Stamped, Base):
    """A person who signs in. `scopes` are area code prefixes; the empty prefix is everywhere."""

    __tablename__ = "users"
    __table_args__ = ({"comment": "用户"},)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(50), unique=True, comment="账号")
    name: Mapped[str] = mapped_column(sa.String(50), comment="姓名")
    password_hash: Mapped[str] = mapped_column(sa.String(200), comment="密码摘要")
    must_change_password: Mapped[bool] = mapped_column(sa.Boolean, server_default="true", comment="须修改密码")
    roles: Mapped[list[str]] = mapped_column(ARRAY(sa.String(32)), server_default="{}", comment="角色")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.String(32)), server_default="{}", comment="数据范围")
    failures: Mapped[int] = mapped_column(sa.Integer, server_default="0", comment="连续失败次数")
    locked_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="锁定至")
    demo: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", comment="演示账号")
    expires_on: Mapped[date | None] = mapped_column(sa.Date, comment="有效期至")
    second_factor: Mapped[str | None] = mapped_column(Sealed, comment="动态口令密钥（加密）")  # holds once confirmed
    second_factor_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="启用动态口令时间")
    second_factor_step: Mapped[int] = mapped_column(sa.BigInteger, server_default="0", comment="最近用过的口令时段")
    recovery_codes: Mapped[list[bytes]] = mapped_column(ARRAY(sa.LargeBinary), server_default="{}", comment="备用码摘要")


class SignIn(Base):
    """A signed-in browser. The cookie's value is stored only as a hash."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    seen_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    expires_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    address: Mapped[str | None] = mapped_column(sa.String(45))
    second_factor_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    locked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))  # covered by the idle lock


class Token(Stamped, Base):
    """A bearer token of another system: its own rights and scopes, never more than its maker's; stored hashed."""

    __tablename__ = "tokens"
    __table_args__ = ({"comment": "接口令牌"},)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), comment="用途")
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True, comment="令牌摘要")
    rights: Mapped[list[str]] = mapped_column(ARRAY(sa.String(40)), comment="权限")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.String(32)), comment="数据范围")
    expires_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="到期时间")
    created_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id"), comment="签发人")
