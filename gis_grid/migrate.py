"""Bring a database to the latest schema, code tables and roles; safe to repeat and to run from several hosts at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

from gis_grid.access.actions import keep_roles
from gis_grid.access.guard import acting
from gis_grid.access.rules import COMMAND
from gis_grid.config import PROJECT
from gis_grid.db import database_urls, transaction
from gis_grid.dictionary import load_dictionary
from gis_grid.errors import Unavailable


def migrate(target: str = "head") -> str:
    """Migrate up to `target` and load what every installation needs; answers the revision."""
    engine = sa.create_engine(database_urls()[0], poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), target)
            for path in sorted((PROJECT / "migrations" / "functions").glob("*.sql")):
                connection.exec_driver_sql(path.read_text(encoding="utf-8").replace("%", "%%"))
            connection.commit()
    except OperationalError as fault:
        raise Unavailable(f"数据库无法连接或正忙：{str(fault.orig).splitlines()[0][:200]}") from None
    with transaction() as own, acting(COMMAND):
        load_dictionary()
        keep_roles()
        return str(own.scalar(sa.text("SELECT version_num FROM alembic_version")))


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
