"""column names saved per source of files"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sheet_mappings",
        sa.Column("kind", sa.String(40), nullable=False, comment="登记表"),
        sa.Column("source", sa.String(80), nullable=False, comment="来源"),
        sa.Column("columns", JSONB(), nullable=False, comment="字段与列名"),
        sa.Column("made_by", sa.String(120), nullable=False, comment="保存人"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.PrimaryKeyConstraint("kind", "source", name=op.f("pk_sheet_mappings")),
        comment="表格列的对应",
    )


def downgrade() -> None:
    op.drop_table("sheet_mappings")
