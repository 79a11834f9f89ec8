"""residents in the order of their last change and of the day they are due again, without sorting all of them"""

from alembic import op

revision = "0150"
down_revision = "0160"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("updated_at", "due_on"):
        op.create_index(f"ix_residents_{column}_id", "residents", [column, "id"])


def downgrade() -> None:
    for column in ("due_on", "updated_at"):
        op.drop_index(f"ix_residents_{column}_id", "residents")
