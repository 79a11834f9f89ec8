"""Bring a database to the latest schema, code tables and roles; safe to repeat and to run from several hosts at once."""

from __future__ import annotations

import zlib

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from gis_grid import __version__
from gis_grid.access.guard import acting
from gis_grid.access.keeping import keep_roles
from gis_grid.access.rules import COMMAND, ROLES
from gis_grid.areas.cells import keep_rule
from gis_grid.config import PROJECT
from gis_grid.db import database_urls, transaction
from gis_grid.dictionary import FOLDER, load_dictionary
from gis_grid.errors import Unavailable
from gis_grid.kept import DataVersion
from gis_grid.maps.layers import FOLDER as LAYERS
from gis_grid.maps.layers import layers

INSTALLED = "installed"
_MARK = (  # every register and every table that a layer reads tells its changes
    "CREATE OR REPLACE TRIGGER mark_table AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION mark_table()"
)


def migrate(target: str = "head") -> str:
    """Migrate up to `target` and load what every installation needs; answers the revision."""
    engine = sa.create_engine(database_urls()[0], poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            if target == "head" and (already := _up_to_date(connection)):
                return already
            command.upgrade(alembic_config(connection), target)
            for path in sorted((PROJECT / "migrations" / "functions").glob("*.sql")):
                connection.exec_driver_sql(path.read_text(encoding="utf-8").replace("%", "%%"))
            for table in sorted({table for layer in layers().values() for table in layer.tables} | _registers(connection)):
                connection.exec_driver_sql(_MARK.format(table=table))
            connection.commit()
    except OperationalError as fault:
        raise Unavailable(f"数据库无法连接或正忙：{str(fault.orig).splitlines()[0][:200]}") from None
    with transaction() as own, acting(COMMAND):
        load_dictionary()
        keep_roles()
        keep_rule()
        own.merge(DataVersion(name=INSTALLED, version=_fingerprint()))
        return str(own.scalar(sa.text("SELECT version_num FROM alembic_version")))


def _up_to_date(connection: sa.Connection) -> str | None:
    """The revision, when schema, functions, code tables and roles are those of this release; then nothing needs doing."""
    if not sa.inspect(connection).has_table(DataVersion.__tablename__):
        return None
    installed = connection.scalar(sa.select(DataVersion.version).where(DataVersion.name == INSTALLED))
    there = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    return str(there) if there == head and installed == _fingerprint() else None


def _registers(connection: sa.Connection) -> set[str]:
    """Tables whose rows have versions and are retired, never deleted."""
    query = """
      SELECT table_name FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name IN ('version', 'retired_at') GROUP BY table_name HAVING count(*) = 2
    """
    return set(connection.scalars(sa.text(query)))


def _fingerprint() -> int:
    """A number that changes with the release, its functions, code tables, layers and roles."""
    total = zlib.crc32(f"{__version__} {ROLES} {_MARK}".encode())
    for path in sorted([*(PROJECT / "migrations" / "functions").glob("*.sql"), *FOLDER.glob("*.csv"), *LAYERS.glob("*.yaml")]):
        total = zlib.crc32(path.read_bytes(), total)
    return total


def downgrade(target: str) -> None:
    """Back to an earlier revision ('base' is the empty database); for tests and emergencies."""
    engine = sa.create_engine(database_urls()[0], poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), target)
        connection.commit()


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration for this project, on this connection."""
    config = Config(PROJECT / "alembic.ini")
    config.set_main_option("script_location", str(PROJECT / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
