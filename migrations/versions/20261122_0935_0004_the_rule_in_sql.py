"""the rule in SQL: cells, parts of big boundaries, and when they count"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FUNCTIONS = Path(__file__).parent.parent / "functions"


def upgrade() -> None:
    op.add_column(
        "boundaries",
        sa.Column("is_big", sa.Boolean(), sa.Computed("ST_NPoints(geom) > 256", persisted=True), nullable=False, comment="点多"),
    )
    op.create_geospatial_table(
        "boundary_parts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("boundary_id", sa.BigInteger(), nullable=False),
        sa.Column("geom", Geometry("POLYGON", srid=4490, spatial_index=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["boundary_id"], ["boundaries.id"], name=op.f("fk_boundary_parts_boundary_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_parts")),
    )
    op.create_index("ix_boundary_parts_boundary_id", "boundary_parts", ["boundary_id"])
    op.create_geospatial_index("idx_boundary_parts_geom", "boundary_parts", ["geom"], postgresql_using="gist")
    op.create_table(
        "area_cells",
        sa.Column("cell", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area_code", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("cell", name=op.f("pk_area_cells")),
    )
    op.create_table(
        "edge_cells",
        sa.Column("cell", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("one", sa.String(32), nullable=True),
        sa.Column("other", sa.String(32), nullable=True),
        sa.Column("more", ARRAY(sa.String(32)), nullable=True),
        sa.PrimaryKeyConstraint("cell", name=op.f("pk_edge_cells")),
    )
    op.create_table(
        "place_rule",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("levels", ARRAY(sa.String(16)), nullable=False),
        sa.Column("nearest_m", sa.Double(), nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("cell_degrees", sa.Double(), nullable=True),
        sa.Column("cells_version", sa.BigInteger(), nullable=True),
        sa.Column("cells_valid", DATERANGE(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_rule")),
    )
    run_script((FUNCTIONS / "cut_boundary.sql").read_text(encoding="utf-8"))
    op.execute(
        "CREATE TRIGGER cut_boundary AFTER INSERT OR UPDATE OF geom ON boundaries FOR EACH ROW EXECUTE FUNCTION cut_boundary()"
    )
    op.execute("INSERT INTO boundary_parts (boundary_id, geom) SELECT id, ST_Subdivide(geom, 64) FROM boundaries WHERE is_big")
    op.execute(
        "CREATE TRIGGER bump_placing AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON boundaries "
        "FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version('placing')"
    )
    op.execute(
        "CREATE TRIGGER bump_placing AFTER INSERT OR UPDATE OF code, level, kind OR DELETE OR TRUNCATE ON areas "
        "FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version('placing')"
    )
    op.execute("INSERT INTO data_versions (name, version) VALUES ('placing', nextval('data_version_numbers'))")


def run_script(text: str) -> None:
    """Several statements as they are: without parameters psycopg leaves % alone."""
    op.get_bind().connection.driver_connection.execute(text)


def downgrade() -> None:
    op.execute("DELETE FROM data_versions WHERE name = 'placing'")
    for table in ("boundaries", "areas"):
        op.execute(f"DROP TRIGGER bump_placing ON {table}")
    op.execute("DROP TRIGGER cut_boundary ON boundaries")
    op.execute("DROP FUNCTION IF EXISTS grids_of(text, date), grid_of(geometry, date), covering(geometry, date), cut_boundary()")
    op.execute("DROP FUNCTION IF EXISTS cell_of(geometry, double precision)")
    op.drop_table("place_rule")
    op.drop_table("edge_cells")
    op.drop_table("area_cells")
    op.drop_geospatial_table("boundary_parts")
    op.drop_column("boundaries", "is_big")
