"""boundaries.kind is told by whoever writes a boundary: a default hid that the demo town's exclusive grids were ordinary there"""

from alembic import op

revision = "0260"
down_revision = "0250"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        UPDATE boundaries b SET kind = a.kind FROM areas a WHERE a.code = b.area_code AND a.kind <> b.kind
        AND NOT EXISTS (SELECT 1 FROM boundaries o WHERE o.area_code = b.area_code AND o.id <> b.id)""")
    op.alter_column("boundaries", "kind", server_default=None)


def downgrade() -> None:
    op.alter_column("boundaries", "kind", server_default="ordinary")
