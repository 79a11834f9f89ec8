"""The job behind a batch: all grids' boards as a zip, or a community's atlas as one PDF; each print is kept."""

from __future__ import annotations

import csv
import io
import itertools
import secrets
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from gis_grid.config import settings
from gis_grid.errors import GridError, Invalid, NotFound
from gis_grid.imports.safe import neutral
from gis_grid.jobs import actions as jobs
from gis_grid.jobs.models import Job as LongJob
from gis_grid.notices.actions import STANDARD, Wish, check_code, grids_under, job_of, jobs_of, keep_print, with_ground
from gis_grid.notices.atlas import Atlas, write_atlas
from gis_grid.notices.batch import Form, Result, in_chunks, write_zip
from gis_grid.notices.render import Job, compose, write_pdf
from gis_grid.notices.stale import stale_prints

CHUNK, MOST = 100, 20_000
KEPT_DAYS = 30
MOST_ATLAS, MOST_LABELS = 400, 2000
WIDEST_ATLAS_MM = 420  # A3: larger boards are no pages of a book


def start(prefix: str, what: str, wish: Wish, form: Form, chosen: Sequence[str] | None = None) -> LongJob:
    """Queue the boards of all grids below an area (`boards`), several labels on each sheet (`sheet`), or the `atlas`.

    `chosen`: only these of its grids.
    """
    check_code(prefix)
    codes = _among(grids_under(prefix), chosen)
    if not codes:
        raise Invalid(f"{prefix} 之下没有使用中的网格。", code="no_grids")
    most = {"atlas": MOST_ATLAS, "sheet": MOST_LABELS}.get(what, MOST)
    if len(codes) > most:
        raise Invalid(f"一次最多 {most} 个网格，{prefix} 之下有 {len(codes)} 个，请分开制作。", code="too_many_grids")
    kept = {"prefix": prefix, "what": what, "wish": asdict(wish), "form": asdict(form), "chosen": chosen}
    return jobs.start_job("boards", kept)


def start_reprint(prefix: str, form: Form) -> LongJob:
    """Queue new prints of all boards below an area that say what is no longer true; all within the caller's scope for ""."""
    if prefix:
        check_code(prefix)
    if not stale_prints(prefix):
        raise Invalid("没有应重印的公示牌。", code="nothing_stale")
    kept = {"prefix": prefix, "what": "reprint", "wish": asdict(Wish()), "form": asdict(form), "chosen": None}
    return jobs.start_job("boards", kept)


def _among(codes: list[str], chosen: Sequence[str] | None) -> list[str]:
    return [code for code in codes if code in set(chosen)] if chosen else codes


@jobs.job_kind("boards")
def boards_job(arguments: dict[str, Any], progress: jobs.Progress) -> dict[str, Any]:
    """What a batch answers: how many were made, what is missing on which, which were refused and why."""
    wish = Wish(**{**arguments["wish"], "here": None})
    form = Form(**arguments["form"])
    folder = settings().home / "prints"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    make = {"atlas": print_atlas, "sheet": print_labels}.get(arguments["what"])
    kind = "pdf" if make else "zip"
    path = folder / f"{secrets.token_hex(12)}.{kind}"
    grids = grids_under(arguments["prefix"]) if arguments["what"] != "reprint" else []
    try:
        if arguments["what"] == "reprint":
            report = reprint_all(arguments["prefix"], form, path, progress)
        elif make:
            report = make(arguments["prefix"], _among(grids, arguments.get("chosen")), wish, path, progress)
        else:
            report = print_all(_among(grids, arguments.get("chosen")), wish, form, path, progress)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return {**report, "file": path.name}


def print_all(codes: list[str], wish: Wish, form: Form, path: Path, progress: jobs.Progress) -> dict[str, Any]:
    """A zip with a board per grid, made by child processes."""
    report: dict[str, Any] = {"boards": 0, "gaps": {}, "refused": {}}
    count = 0

    def done(job: Job, result: Result) -> None:
        nonlocal count
        file, gaps, refused = result
        code = job.content.code
        if file is not None:
            report["boards"] += 1
            keep_print(job)
        if gaps:
            report["gaps"][code] = gaps
        if refused:
            report["refused"][code] = refused
        count += 1
        progress(count, len(codes))

    write_zip(path, _each_job(codes, wish), form, len(codes), settings().print_processes, done)
    return report


def _each_job(codes: Sequence[str], wish: Wish) -> Iterator[Job]:
    """Contents are read a hundred at a time, grounds as the children ask for more."""
    for chunk in in_chunks(codes, CHUNK):
        many = jobs_of(chunk, wish)
        yield from many if len(many) == 1 else (with_ground(job, wish) for job in many)


def reprint_all(prefix: str, form: Form, path: Path, progress: jobs.Progress) -> dict[str, Any]:
    """A zip of new prints in place of those out of date, and a list (CSV) of where each hangs; equal boards are one file."""
    report: dict[str, Any] = {"boards": 0, "gaps": {}, "refused": {}}
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in stale_prints(prefix):
        alike.setdefault((row["area_code"], row["template"], row["orientation"], row["theme"]), []).append(row)
    count = itertools.count(1)

    def done(job: Job, result: Result) -> None:
        file, gaps, refused = result
        code = job.content.code
        if file is not None:
            rows = alike[code, job.template.name, job.template.orientation, job.theme_named]
            report["boards"] += 1
            for row in rows:
                keep_print(job, row["print_id"])
        report["gaps"] |= {code: gaps} if gaps else {}
        report["refused"] |= {code: refused} if refused else {}
        progress(next(count), len(alike))

    write_zip(path, _reprints(list(alike), report["refused"]), form, len(alike), settings().print_processes, done)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("重印清单.csv", _list_of([row for rows in alike.values() for row in rows]))
    return report


def _reprints(wanted: Sequence[tuple[Any, ...]], refused: dict[str, str]) -> Iterator[Job]:
    """The boards as they would be now; what cannot be made any more (area or template gone) is told."""
    for code, template, orientation, theme in wanted:
        try:
            yield job_of(code, Wish(template, orientation, theme))
        except GridError as fault:
            refused[code] = fault.detail


def _list_of(rows: Sequence[dict[str, Any]]) -> bytes:
    """What to hang where, as CSV that spreadsheets open."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("网格编码", "网格", "模板", "挂在哪里", "经度", "纬度", "与现状不符之处"))
    for row in rows:
        place = [neutral(row[name] or "") for name in ("area_code", "area_name", "template", "place")]
        writer.writerow([*place, row["lon"], row["lat"], "、".join(row["changed"])])
    return out.getvalue().encode("utf-8-sig")


def print_atlas(prefix: str, codes: Sequence[str], wish: Wish, path: Path, progress: jobs.Progress) -> dict[str, Any]:
    """One PDF of an area and these of its grids; grids without a boundary are left out and told."""
    whole = job_of(prefix, wish)
    if not wish.template and (max(whole.template.width, whole.template.height) > WIDEST_ATLAS_MM or whole.template.sheet):
        whole = job_of(prefix, replace(wish, template=STANDARD))
    if whole.ground is None:
        raise Invalid(f"{whole.content.name}没有边界，不能制作图集。", code="no_boundary")
    grids, boards, gaps, refused = [], [], {}, {}
    for number, job in enumerate(_each_job(codes, wish), 1):
        if job.ground is None:
            refused[job.content.code] = f"{job.content.name}没有边界"
            continue
        job = replace(job, template=whole.template)  # noqa: PLW2901  one size for all pages
        board = compose(job)
        grids.append(job)
        boards.append(board)
        if board.gaps:
            gaps[job.content.code] = board.gaps
        keep_print(job)
        progress(number, len(codes) + 1)
    path.write_bytes(write_atlas(Atlas(whole, grids, boards)))
    return {"boards": len(boards), "gaps": gaps, "refused": refused}


def print_labels(prefix: str, codes: Sequence[str], wish: Wish, path: Path, progress: jobs.Progress) -> dict[str, Any]:
    """One PDF with several small boards on each sheet, for templates that say how many."""
    boards, gaps = [], {}
    for number, job in enumerate(_each_job(codes, wish), 1):
        if job.template.sheet is None:
            raise Invalid(f"模板“{job.template.name}”没有 sheet 一项，不能拼版；请用 label-90x60。", code="no_sheet")
        board = compose(job)
        boards.append(board)
        if board.gaps:
            gaps[job.content.code] = board.gaps
        keep_print(job)
        progress(number, len(codes) + 1)
    path.write_bytes(write_pdf(boards))
    return {"boards": len(boards), "gaps": gaps, "refused": {}}


@jobs.now_and_then
def drop_old_files() -> None:
    """Files that nobody fetched for a month are made again faster than they are found."""
    oldest = time.time() - KEPT_DAYS * 86_400
    for path in (settings().home / "prints").glob("*"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def file_of(job_id: int) -> Path:
    """The finished file of one's own job."""
    job = jobs.find_job(job_id)
    name = (job.report or {}).get("file") if job.kind == "boards" and job.status == "done" else None
    path = settings().home / "prints" / str(name)
    if name is None or not path.is_file():
        raise NotFound("该任务没有可下载的文件：未完成，或不是公示牌任务。")
    return path
