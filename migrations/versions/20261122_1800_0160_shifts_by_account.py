"""shifts and swaps know the account of their worker: two people may have one name"""

import sqlalchemy as sa
from alembic import op

revision = "0160"
down_revision = "0180"
branch_labels = None
depends_on = None

TABLES = ("shifts", "shift_swaps")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("user_id", sa.BigInteger(), nullable=True, comment="登录账号"))
        op.create_foreign_key(op.f(f"fk_{table}_user_id"), table, "users", ["user_id"], ["id"])
        op.execute(  # a name that only one account has is that account's
            f"""UPDATE {table} s SET user_id = u.id
            FROM (SELECT name, min(id) AS id FROM users WHERE retired_at IS NULL GROUP BY name HAVING count(*) = 1) u
            WHERE u.name = s.worker"""
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "user_id")
