"""plans and successions"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "successions",
        sa.Column("code", sa.String(32), nullable=False, comment="已注销编码"),
        sa.Column("successor", sa.String(32), nullable=False, comment="接续编码"),
        sa.Column("position", sa.SmallInteger(), nullable=False, comment="顺序"),
        sa.Column("since", sa.Date(), nullable=False, comment="自"),
        sa.ForeignKeyConstraint(
            ["code"], ["areas.code"], name=op.f("fk_successions_code"), onupdate="CASCADE", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["successor"], ["areas.code"], name=op.f("fk_successions_successor"), onupdate="CASCADE", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code", "successor", name=op.f("pk_successions")),
        comment="区域接续",
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False, comment="方案名称"),
        sa.Column("area_code", sa.String(32), nullable=False, comment="所在区域"),
        sa.Column("remark", sa.Text(), nullable=True, comment="说明"),
        sa.Column("status", sa.String(12), server_default="draft", nullable=False, comment="状态"),
        sa.Column("effective", sa.Date(), nullable=True, comment="生效日期"),
        sa.Column("made_by", sa.String(120), nullable=False, comment="拟定人"),
        sa.Column("approved_by", sa.String(120), nullable=True, comment="批准人"),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True, comment="批准时间"),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True, comment="生效时间"),
        sa.Column("undo_of", sa.BigInteger(), nullable=True, comment="撤销的方案"),
        sa.Column("report", JSONB(), nullable=True, comment="结果"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_plans_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["undo_of"], ["plans.id"], name=op.f("fk_plans_undo_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        comment="调整方案",
    )
    op.create_index("ix_plans_area", "plans", ["area_code"], postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_table(
        "plan_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False, comment="方案"),
        sa.Column("code", sa.String(32), nullable=False, comment="区域编码"),
        sa.Column("action", sa.String(8), nullable=False, comment="动作"),
        sa.Column("level", sa.String(16), nullable=False, comment="层级"),
        sa.Column("name", sa.String(100), nullable=False, comment="名称"),
        sa.Column("kind", sa.String(16), server_default="ordinary", nullable=False, comment="网格性质"),
        sa.Column("parent_code", sa.String(32), nullable=True, comment="上级编码"),
        sa.Column("successors", ARRAY(sa.String(32)), server_default="{}", nullable=False, comment="接续编码"),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4490, spatial_index=False), nullable=True, comment="边界"),
        sa.Column("before", Geometry("MULTIPOLYGON", srid=4490, spatial_index=False), nullable=True, comment="原边界"),
        sa.Column("before_id", sa.BigInteger(), nullable=True, comment="原边界编号"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_changes_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_changes")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_plan_changes_plan_id_code")),
        comment="方案内容",
    )
    op.create_geospatial_index("idx_plan_changes_geom", "plan_changes", ["geom"], postgresql_using="gist")


def downgrade() -> None:
    op.drop_table("plan_changes")
    op.drop_table("plans")
    op.drop_table("successions")
