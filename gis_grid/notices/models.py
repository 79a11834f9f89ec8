"""What offices decide about their boards, own templates, pictures, and every print that was made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.db import Base, Stamped, point_column


def _area() -> Mapped[str]:
    """Settings and prints hinder no area from being retired (info: history) and go when the demo's areas are deleted."""
    return mapped_column(sa.String(32), sa.ForeignKey("areas.code", onupdate="CASCADE", ondelete="CASCADE"), comment="区域编码")


class BoardSetting(Stamped, Base):
    """What stands on the boards of an area and of all areas below it, unless one of those says otherwise. Empty: as above."""

    __tablename__ = "board_settings"
    __table_args__ = (sa.UniqueConstraint("area_code"), {"comment": "公示牌设置", "info": {"history": True}})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    area_code: Mapped[str] = _area()
    template: Mapped[str | None] = mapped_column(sa.String(40), comment="模板")
    orientation: Mapped[str | None] = mapped_column(sa.String(10), comment="方向")  # portrait, landscape
    theme: Mapped[str | None] = mapped_column(sa.String(20), comment="配色")
    heading: Mapped[str | None] = mapped_column(sa.String(60), comment="牌面标题")
    services: Mapped[str | None] = mapped_column(sa.Text, comment="服务事项")
    supervision_phone: Mapped[str | None] = mapped_column(sa.String(40), comment="监督电话")
    publisher: Mapped[str | None] = mapped_column(sa.String(100), comment="制图单位")
    phones: Mapped[str | None] = mapped_column(sa.String(8), comment="电话显示")  # full, masked
    show_counts: Mapped[bool | None] = mapped_column(sa.Boolean, comment="显示户数人数")
    report_link: Mapped[str | None] = mapped_column(sa.String(200), comment="问题上报网址")
    public_page: Mapped[bool | None] = mapped_column(sa.Boolean, comment="开放扫码页")


class BoardTemplate(Stamped, Base):
    """An office's own template: the same YAML as the files in boards/, for its area and those below."""

    __tablename__ = "board_templates"
    __table_args__ = (sa.UniqueConstraint("area_code", "name"), {"comment": "公示牌自定模板", "info": {"history": True}})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    area_code: Mapped[str] = _area()
    name: Mapped[str] = mapped_column(sa.String(40), comment="名称")
    body: Mapped[str] = mapped_column(sa.Text, comment="模板内容（YAML）")


class BoardPicture(Base):
    """A picture boards need: a staff photo, an office's logo, the photo of a board where it hangs. JPEG or PNG, made small."""

    __tablename__ = "board_pictures"
    __table_args__ = (sa.UniqueConstraint("kind", "key"), {"comment": "公示牌图片"})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8), comment="类别")  # staff, logo, hung
    key: Mapped[str] = mapped_column(sa.String(40), comment="对象")  # staff id, area code, print id
    area_code: Mapped[str] = _area()
    mime: Mapped[str] = mapped_column(sa.String(20), comment="格式")
    image: Mapped[bytes] = mapped_column(sa.LargeBinary, comment="图片")
    digest: Mapped[str] = mapped_column(sa.String(64), comment="摘要")
    kept_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="上传时间")


class BoardPrint(Stamped, Base):
    """One print of one board: what it said, who made it, where it hangs. `content_hash` tells whether it is still true."""

    __tablename__ = "board_prints"
    __table_args__ = (
        sa.Index("ix_board_prints_area", "area_code", postgresql_ops={"area_code": "text_pattern_ops"}),
        {"comment": "公示牌印制记录", "info": {"history": True}},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    area_code: Mapped[str] = _area()
    template: Mapped[str] = mapped_column(sa.String(40), comment="模板")
    orientation: Mapped[str] = mapped_column(sa.String(10), comment="方向")
    content_hash: Mapped[str] = mapped_column(sa.String(64), comment="内容摘要")
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="牌面内容")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="制作人")
    hung_at: Mapped[date | None] = mapped_column(sa.Date, comment="挂出日期")
    place: Mapped[str | None] = mapped_column(sa.String(200), comment="挂出位置")
    point = point_column("挂出点")
    stale: Mapped[str | None] = mapped_column(sa.Text, comment="与现状不符之处")  # what changed since; empty while all is true
