"""residents found by the last four of phone and identity number: keyed marks, filled in for those already there"""

import sqlalchemy as sa
from alembic import op

from gis_grid.sealed import tail_mark, unseal

revision = "0110"
down_revision = "0065"
branch_labels = None
depends_on = None

BATCH = 5000


def upgrade() -> None:
    for kind in ("id_number", "phone"):
        op.add_column("residents", sa.Column(f"{kind}_tail", sa.Integer(), nullable=True))
    _fill(op.get_bind())
    for kind in ("id_number", "phone"):
        op.create_index(f"ix_residents_{kind}_tail", "residents", [f"{kind}_tail"], postgresql_using="hash")


def downgrade() -> None:
    for kind in ("id_number", "phone"):
        op.drop_index(f"ix_residents_{kind}_tail", "residents")
        op.drop_column("residents", f"{kind}_tail")


def _fill(connection: sa.Connection) -> None:
    """Batch by batch in the order of the key; the marks need this installation's secret, which SQL does not know."""
    rows = sa.text(
        "SELECT id, id_number, phone FROM residents WHERE id > :last AND (id_number IS NOT NULL OR phone IS NOT NULL)"
        " ORDER BY id LIMIT :most"
    )
    keep = sa.text(
        "UPDATE residents r SET id_number_tail = m.number, phone_tail = m.phone"
        " FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS int[]), CAST(:phones AS int[])) AS m (id, number, phone)"
        " WHERE r.id = m.id"
    )
    last = -1
    while found := connection.execute(rows, {"last": last, "most": BATCH}).all():
        marks = {
            "ids": [row.id for row in found],
            "numbers": [_mark("id_number", row.id_number) for row in found],
            "phones": [_mark("phone", row.phone) for row in found],
        }
        connection.execute(keep, marks)
        last = found[-1].id


def _mark(kind: str, stored: bytes | None) -> int | None:
    return None if stored is None else tail_mark(kind, unseal(bytes(stored)))
