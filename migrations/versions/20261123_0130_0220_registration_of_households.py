"""the manual's sheet of households (户籍表) says whether they are registered in town or country"""

import sqlalchemy as sa
from alembic import op

revision = "0220"
down_revision = "0210"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("households", sa.Column("registration", sa.String(length=2), nullable=True, comment="户口类型"))


def downgrade() -> None:
    op.drop_column("households", "registration")
