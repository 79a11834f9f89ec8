"""photos.owner_kind: registers with longer names have photos too (premises_staff)"""

import sqlalchemy as sa
from alembic import op

revision = "0240"
down_revision = "0220"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("photos", "owner_kind", type_=sa.String(16), existing_type=sa.String(12), existing_nullable=False)


def downgrade() -> None:
    op.execute("DELETE FROM photos WHERE length(owner_kind) > 12")
    op.alter_column("photos", "owner_kind", type_=sa.String(12), existing_type=sa.String(16), existing_nullable=False)
