"""Many boards at once: grounds are read here, boards are written by child processes, the results go into one zip.

A child knows no database. It takes a job and gives back bytes, so memory does not grow with the number of boards.
"""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from gis_grid.errors import GridError
from gis_grid.notices.render import Board, Job, compose, to_png, write_pdf

FEW = 4  # so many are quicker done here than in a child that must start first
AHEAD = 3  # jobs waiting per child: enough to keep it busy, few enough to keep memory small
RENEWED_AFTER = 200  # boards; then a child is replaced, so that no library's caches pile up
Result = tuple[bytes | None, list[str], str | None]  # the file, what is missing on it, why it was refused


@dataclass(frozen=True)
class Form:
    """In which form files are written."""

    kind: str = "pdf"  # pdf, png, svg
    dpi: float = 150
    crop_marks: bool = False


def one_file(job: Job, form: Form) -> Result:
    """One board as a file; a refusal is told, not raised, so that the others go on."""
    try:
        board = compose(job)
        return written(board, form), board.gaps, None
    except GridError as refused:
        return None, [], refused.detail


def written(board: Board, form: Form) -> bytes:
    """A board in the wanted form."""
    if form.kind == "svg":
        return board.svg.encode()
    pdf = write_pdf([board], crop_marks=form.crop_marks)
    return to_png(pdf, form.dpi) if form.kind == "png" else pdf


def each_file(jobs: Iterator[Job], form: Form, total: int, workers: int) -> Iterator[tuple[Job, Result]]:
    """Every job with its result, in order, done by `workers` child processes."""
    if total <= FEW or workers < 1:
        yield from ((job, one_file(job, form)) for job in jobs)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, max_tasks_per_child=RENEWED_AFTER, initializer=_end_with_parent
    ) as pool:
        waiting: list[tuple[Job, Future[Result]]] = []
        try:
            for job in jobs:
                waiting.append((job, pool.submit(one_file, job, form)))
                if len(waiting) >= workers * AHEAD:
                    first, future = waiting.pop(0)
                    yield first, future.result()
            while waiting:
                first, future = waiting.pop(0)
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _end_with_parent() -> None:
    """A child waits for work for ever, also when the worker that started it was killed: it watches, and goes too."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def write_zip(path: Path, jobs: Iterator[Job], form: Form, total: int, workers: int, done: Callable[[Job, Result], Any]) -> None:
    """A zip with one file per board; `done` is told of each."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for job, result in each_file(jobs, form, total, workers):
            if result[0] is not None:
                name = file_name(job, form)
                if name in archive.NameToInfo:  # the same board in another direction or colour
                    name = f"{name.removesuffix(f'.{form.kind}')}_{len(archive.NameToInfo)}.{form.kind}"
                archive.writestr(name, result[0])
            done(job, result)


def file_name(job: Job, form: Form) -> str:
    """990101010004009_荷塘社区第9网格_a4.pdf, without what file systems refuse."""
    parent = job.content.above[-1] if job.content.above else ""
    plain = "".join(char for char in f"{parent}{job.content.name}" if char not in '\\/:*?"<>|\n\r\t')
    return f"{job.content.code}_{plain[:60]}_{job.template.name}.{form.kind}"


def in_chunks(codes: Sequence[str], size: int) -> Iterator[list[str]]:
    """Lists of at most `size` codes."""
    for first in range(0, len(codes), size):
        yield list(codes[first : first + size])
