"""steps of a draft, and the names before it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0090"
down_revision = "0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_changes", sa.Column("name_before", sa.String(100), nullable=True, comment="原名称"))
    op.create_table(
        "plan_steps",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False, comment="方案"),
        sa.Column("operation", sa.String(12), nullable=False, comment="操作"),
        sa.Column("before", JSONB(), nullable=False, comment="之前"),
        sa.Column("after", JSONB(), nullable=False, comment="之后"),
        sa.Column("undone", sa.Boolean(), server_default="false", nullable=False, comment="已退回"),
        sa.Column("made_by", sa.String(120), nullable=False, comment="操作人"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="时间"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_steps_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_steps")),
        comment="方案步骤",
    )
    op.create_index("ix_plan_steps_plan_id", "plan_steps", ["plan_id"])


def downgrade() -> None:
    op.drop_table("plan_steps")
    op.drop_column("plan_changes", "name_before")
