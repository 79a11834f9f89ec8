"""What every command needs: a transaction with the rights of the machine, a bar that shows how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def command_line() -> Iterator[None]:
    """One transaction with the rights of whoever sits at the machine."""
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.db import long_engine, transaction

    with transaction(long_engine()), acting(COMMAND):
        yield


@contextmanager
def shown_progress(title: str) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def tell(done: int, total: int | None, step: str = title) -> None:
            bar.update(task, completed=done, total=total, description=step)

        yield tell
