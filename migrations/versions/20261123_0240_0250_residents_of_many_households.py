"""who lives in the households of a large polygon is told from an index alone"""

from alembic import op

revision = "0250"
down_revision = "0240"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_residents_household", "residents", ["household_id", "id"], postgresql_include=["retired_at"])
    op.drop_index("ix_residents_household_id", table_name="residents")


def downgrade() -> None:
    op.create_index("ix_residents_household_id", "residents", ["household_id"])
    op.drop_index("ix_residents_household", table_name="residents")
