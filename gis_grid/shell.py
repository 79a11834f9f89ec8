"""What commands run in: one transaction with the rights of whoever sits at the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def command_line() -> Iterator[None]:
    """One transaction with the rights of whoever sits at the machine."""
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.db import long_engine, transaction

    with transaction(long_engine()), acting(COMMAND):
        yield
