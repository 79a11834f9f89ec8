"""replaced_boundaries: what was corrected on the day it began is kept"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0180"
down_revision = "0085"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replaced_boundaries",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area_code", sa.String(32), nullable=False, comment="区域编码"),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4490, spatial_index=False), nullable=False, comment="边界"),
        sa.Column("since", sa.Date(), nullable=False, comment="生效日期"),
        sa.Column("source_crs", sa.String(20), nullable=True, comment="原坐标系"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="登记时间"),
        sa.Column("replaced_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更正时间"),
        sa.Column("replaced_by", sa.String(120), nullable=False, comment="更正人"),
        sa.ForeignKeyConstraint(
            ["area_code"],
            ["areas.code"],
            name=op.f("fk_replaced_boundaries_area_code_areas"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replaced_boundaries")),
        comment="当日更正前的边界",
    )
    op.create_index("ix_replaced_boundaries_area_code", "replaced_boundaries", ["area_code"])


def downgrade() -> None:
    op.drop_table("replaced_boundaries")
