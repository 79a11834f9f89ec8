"""boards that are out of date are marked, so that the map can show them"""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("board_prints", sa.Column("stale", sa.Text(), nullable=True, comment="与现状不符之处"))


def downgrade() -> None:
    op.drop_column("board_prints", "stale")
