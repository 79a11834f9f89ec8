"""column names saved per source of files; saved queries; people found by name, initials, birth date, and class"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0040"
branch_labels = None
depends_on = None

FUNCTIONS = Path(__file__).parent.parent / "functions"


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
    op.create_table(
        "saved_queries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(8), server_default="query", nullable=False, comment="种类"),
        sa.Column("register", sa.String(40), nullable=False, comment="登记表"),
        sa.Column("name", sa.String(80), nullable=False, comment="名称"),
        sa.Column("definition", JSONB(), nullable=False, comment="定义"),
        sa.Column("owner", sa.String(120), nullable=False, comment="保存人"),
        sa.Column("user_id", sa.BigInteger(), nullable=True, comment="用户"),
        sa.Column("area_code", sa.String(32), nullable=True, comment="共享给"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_queries")),
        comment="已存查询",
    )
    op.create_index("ix_saved_queries_owner", "saved_queries", ["owner"])
    text = (FUNCTIONS / "pinyin_initials.sql").read_text(encoding="utf-8")
    op.get_bind().connection.driver_connection.execute(text)  # without parameters psycopg leaves % alone
    op.create_index("ix_residents_name", "residents", ["name"])
    op.create_index("ix_residents_initials", "residents", [sa.text("pinyin_initials(name)")])
    op.create_index("ix_residents_birth_date", "residents", ["birth_date"])
    op.create_index("ix_residents_classes", "residents", ["classes"], postgresql_using="gin")
    op.execute("ANALYZE residents")  # so that the planner knows how many names begin with which letters


def downgrade() -> None:
    for name in ("classes", "birth_date", "initials", "name"):
        op.drop_index(f"ix_residents_{name}", "residents")
    op.execute("DROP FUNCTION pinyin_initials(text)")
    op.drop_table("saved_queries")
    op.drop_table("sheet_mappings")
