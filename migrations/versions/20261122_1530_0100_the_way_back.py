"""the way back of changes made by hand, sealed and kept for a week"""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undo_steps",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("register", sa.String(40), nullable=False, comment="登记表"),
        sa.Column("key", sa.String(80), nullable=False, comment="记录编号"),
        sa.Column("kind", sa.String(8), nullable=False, comment="修改或注销"),
        sa.Column("version", sa.Integer(), nullable=False, comment="修改后的版本"),
        sa.Column("was", sa.LargeBinary(), nullable=True, comment="修改前的内容"),
        sa.Column("batch", sa.String(24), nullable=True, comment="批次"),
        sa.Column("made_by", sa.String(120), nullable=False, comment="操作人"),
        sa.Column("user_id", sa.BigInteger(), nullable=True, comment="用户"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="时间"),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True, comment="撤销时间"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_steps")),
        comment="可撤销的修改",
    )
    op.create_index("ix_undo_steps_row", "undo_steps", ["register", "key"])
    op.create_index("ix_undo_steps_made", "undo_steps", ["made_by", "made_at"])
    op.create_index("ix_undo_steps_batch", "undo_steps", ["batch"], postgresql_where=sa.text("batch IS NOT NULL"))


def downgrade() -> None:
    op.drop_table("undo_steps")
