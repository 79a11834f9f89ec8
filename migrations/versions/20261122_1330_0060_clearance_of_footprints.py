"""clearance of footprints: how far corners may move before a shape touches itself; tiles need no repair then"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "buildings",
        sa.Column(
            "clearance", sa.Double(), sa.Computed("ST_MinimumClearance(footprint)", persisted=True), comment="轮廓最小间隙（度）"
        ),
    )


def downgrade() -> None:
    op.drop_column("buildings", "clearance")
