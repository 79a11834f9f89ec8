"""the manual asks whether somebody is registered in town or country"""

import sqlalchemy as sa
from alembic import op

revision = "0191"
down_revision = "0194"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("residents", sa.Column("registration", sa.String(length=2), nullable=True, comment="户口类型"))


def downgrade() -> None:
    op.drop_column("residents", "registration")
