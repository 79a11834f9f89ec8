"""Events are found by the end of their number, too: people read it from the end"""

import sqlalchemy as sa
from alembic import op

revision = "0280"
down_revision = "0270"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_events_number_tail", "events", [sa.text("reverse(number) text_pattern_ops")])


def downgrade() -> None:
    op.drop_index("ix_events_number_tail", "events")
