"""Alembic's entry: the owner's connection, one migration at a time, time-outs so that a migration never blocks the service."""

import sqlalchemy as sa
from alembic import context
from geoalchemy2 import alembic_helpers

from gis_grid.app import load_features
from gis_grid.db import Base, database_urls
from gis_grid.sealed import Sealed

LOCK = 0x67726964  # one advisory lock for all who migrate this database

load_features()


def include_object(thing, name, kind, reflected, compare_to):
    """Our own tables only: PostGIS's and the queue's are not ours to compare, partitions are made as they are needed."""
    if kind == "table" and (name.startswith(("procrastinate_", "fixes_")) or name == "spatial_ref_sys"):
        return False  # fixes_...: the days of `fixes`
    return alembic_helpers.include_object(thing, name, kind, reflected, compare_to)


def render_item(kind, thing, context_):
    """A sealed column is bytes to the database."""
    if kind == "type" and isinstance(thing, Sealed):
        return "sa.LargeBinary()"
    return alembic_helpers.render_item(kind, thing, context_)


def run(connection):
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        connection.execute(sa.text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(sa.text("SET LOCAL statement_timeout = '30min'"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = sa.create_engine(database_urls()[0], poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        run(connection)
        connection.commit()
