"""boundaries.name: what the area was called on those days, where it is called otherwise today"""

import sqlalchemy as sa
from alembic import op

revision = "0210"
down_revision = "0191"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("boundaries", sa.Column("name", sa.String(100), nullable=True, comment="当时的名称"))


def downgrade() -> None:
    op.drop_column("boundaries", "name")
