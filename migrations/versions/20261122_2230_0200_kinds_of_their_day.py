"""boundaries.kind: which kind of grid it was on those days; it decides where grids overlap"""

import sqlalchemy as sa
from alembic import op

revision = "0200"
down_revision = "0190"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("boundaries", sa.Column("kind", sa.String(16), server_default="ordinary", nullable=False, comment="网格性质"))
    op.execute("UPDATE boundaries b SET kind = a.kind FROM areas a WHERE a.code = b.area_code AND a.kind <> b.kind")
    op.execute("DROP FUNCTION IF EXISTS covering(geometry, date)")  # answers the kind, too; migrate() makes it anew


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS covering(geometry, date)")
    op.drop_column("boundaries", "kind")
