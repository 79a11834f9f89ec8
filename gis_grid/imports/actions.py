"""Take a file into a register: one transaction, all or nothing unless asked otherwise, every odd row told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import check_right
from gis_grid.db import session
from gis_grid.errors import Invalid, NotFound
from gis_grid.geo import crs
from gis_grid.imports.offers import KINDS, Importable, Options
from gis_grid.imports.read import Source, open_source
from gis_grid.imports.report import Report
from gis_grid.imports.rows import RowReader
from gis_grid.imports.stage import Merge, copy_rows, make_stage, merge_rows

Progress = Callable[[int, int | None], None]
UNDECLARED = "文件没有声明坐标系，按 wgs84 读取；如有偏移请用 crs 指明（gcj02、bd09 等）。"
MANY = 5_000  # rows; after so many, statistics are made anew at once


def run_import(kind: str, path: Path, name: str, options: Options, remarks: Path, progress: Progress) -> dict[str, Any]:
    """Import one file; answers the report. With faults and without keep_good nothing is kept, and Invalid carries the report."""
    importable = KINDS.get(kind)
    if importable is None:
        raise NotFound(f"不能导入“{kind[:20]}”，可用：{'、'.join(KINDS)}。")
    check_right(importable.right)
    report = Report(kind, name, remarks)
    try:
        with tempfile.TemporaryDirectory(prefix="gis-grid-") as work, session().begin_nested() as attempt:
            run = importable.run or take_rows
            run(importable, path, Path(work), options, report, progress)
            refused = report.counts["refused"]
            if options.dry_run or (refused and not options.keep_good):
                attempt.rollback()
    finally:
        report.close()
    summary = {**report.summary(), "dry_run": options.dry_run}
    if refused and not options.keep_good and not options.dry_run:
        summary.update(inserted=0, updated=0)
        raise Invalid(
            f"有 {refused} 行不能导入，未保存任何内容。请按明细修改后重试，或选择“保留正确的行”。",
            code="rows_refused",
            report=summary,
        )
    if not options.dry_run:
        if summary["inserted"] + summary["updated"] >= MANY:
            tables = ["households", "residents"] if kind == "residents" else [importable.model.__tablename__]
            session().execute(sa.text("SELECT refresh_statistics(:tables)"), {"tables": tables})
        audit.record("import", kind, name, after={key: summary[key] for key in ("rows", "inserted", "updated", "refused")})
    return summary


def take_rows(importable: Importable, path: Path, work: Path, options: Options, report: Report, progress: Progress) -> None:
    """Rows of one table: map, convert, place, stage, merge."""
    source = open_source(path, work, options.encoding, options.columns)
    datum = declared_crs(source, options, report)
    reader = RowReader(importable, source, options, report)
    merge = Merge(importable, reader.columns)
    make_stage(merge)
    for batch in source.batches:
        report.rows += len(batch.rows)
        copy_rows(merge, list(reader.read(batch, datum)))  # a list: placing asks the same connection
        progress(report.rows, source.count)
    report.warnings.extend(reader.warnings())
    session().execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:kind))"), {"kind": f"import {importable.name}"})
    merge_rows(merge, report)
    if importable.after:
        importable.after()


def declared_crs(source: Source, options: Options, report: Report) -> str:
    """The caller's word goes first, then the file's, then WGS 84, which is said."""
    if options.crs:
        return crs.datum(options.crs).name
    if source.crs:
        return crs.datum(source.crs if source.crs.upper().startswith("EPSG") else "wgs84").name
    report.warnings.append(UNDECLARED)
    return "EPSG:4326"
