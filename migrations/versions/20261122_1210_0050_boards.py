"""notice boards: settings, own templates, pictures, prints"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

revision = "0050"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("board_settings", "board_templates", "board_pictures", "board_prints")


def stamps() -> tuple[sa.Column, ...]:
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
    )


def table(name: str, comment: str, *rest: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("area_code", sa.String(32), nullable=False, comment="区域编码"),
        *rest,
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f(f"fk_{name}_area_code"), onupdate="CASCADE", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        comment=comment,
    )


def upgrade() -> None:
    table(
        "board_settings",
        "公示牌设置",
        sa.Column("template", sa.String(40), nullable=True, comment="模板"),
        sa.Column("orientation", sa.String(10), nullable=True, comment="方向"),
        sa.Column("theme", sa.String(20), nullable=True, comment="配色"),
        sa.Column("heading", sa.String(60), nullable=True, comment="牌面标题"),
        sa.Column("services", sa.Text(), nullable=True, comment="服务事项"),
        sa.Column("supervision_phone", sa.String(40), nullable=True, comment="监督电话"),
        sa.Column("publisher", sa.String(100), nullable=True, comment="制图单位"),
        sa.Column("phones", sa.String(8), nullable=True, comment="电话显示"),
        sa.Column("show_counts", sa.Boolean(), nullable=True, comment="显示户数人数"),
        sa.Column("report_link", sa.String(200), nullable=True, comment="问题上报网址"),
        sa.Column("public_page", sa.Boolean(), nullable=True, comment="开放扫码页"),
        *stamps(),
        sa.UniqueConstraint("area_code", name=op.f("uq_board_settings_area_code")),
    )
    table(
        "board_templates",
        "公示牌自定模板",
        sa.Column("name", sa.String(40), nullable=False, comment="名称"),
        sa.Column("body", sa.Text(), nullable=False, comment="模板内容（YAML）"),
        *stamps(),
        sa.UniqueConstraint("area_code", "name", name=op.f("uq_board_templates_area_code_name")),
    )
    table(
        "board_pictures",
        "公示牌图片",
        sa.Column("kind", sa.String(8), nullable=False, comment="类别"),
        sa.Column("key", sa.String(40), nullable=False, comment="对象"),
        sa.Column("mime", sa.String(20), nullable=False, comment="格式"),
        sa.Column("image", sa.LargeBinary(), nullable=False, comment="图片"),
        sa.Column("digest", sa.String(64), nullable=False, comment="摘要"),
        sa.Column("kept_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="上传时间"),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_board_pictures_kind_key")),
    )
    table(
        "board_prints",
        "公示牌印制记录",
        sa.Column("template", sa.String(40), nullable=False, comment="模板"),
        sa.Column("orientation", sa.String(10), nullable=False, comment="方向"),
        sa.Column("content_hash", sa.String(64), nullable=False, comment="内容摘要"),
        sa.Column("content", JSONB(), nullable=False, comment="牌面内容"),
        sa.Column("made_by", sa.String(120), nullable=False, comment="制作人"),
        sa.Column("hung_at", sa.Date(), nullable=True, comment="挂出日期"),
        sa.Column("place", sa.String(200), nullable=True, comment="挂出位置"),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True, comment="挂出点"),
        *stamps(),
    )
    op.create_index("ix_board_prints_area", "board_prints", ["area_code"], postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_index("idx_board_prints_point", "board_prints", ["point"], postgresql_using="gist")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
