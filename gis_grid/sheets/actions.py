"""Take a sheet into its register; preview its first rows; remember which columns an office uses."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import caller, check_right
from gis_grid.db import session
from gis_grid.errors import Invalid, NotFound
from gis_grid.imports.actions import Progress, take_rows
from gis_grid.imports.offers import KINDS as IMPORTS
from gis_grid.imports.offers import Importable, Options, offer
from gis_grid.imports.read import LAT, LON, WKT
from gis_grid.imports.report import Report
from gis_grid.imports.stage import (
    STAGED,
    Merge,
    copy_rows,
    forget_known_numbers,
    make_stage,
    outcomes,
    refuse_rows,
    write_rows,
)
from gis_grid.jobs.actions import now_doing
from gis_grid.sealed import mask_id, mask_phone
from gis_grid.sheets.finish import FROM_NUMBER
from gis_grid.sheets.hold import check_heads, keep_history, let_follow, note_moves
from gis_grid.sheets.kinds import KINDS, NUMBER, SheetKind, map_header, score_for
from gis_grid.sheets.models import SheetMapping
from gis_grid.sheets.read import Table, open_table
from gis_grid.sheets.result import write_result
from gis_grid.sheets.rows import SheetReader
from gis_grid.sheets.tags import keep_tags, note_classes

BATCH = 5_000
PREVIEWED = 50
_MASKS = {"id_number": mask_id, NUMBER: mask_id, "phone": mask_phone}
OUTCOMES = ("new", "changed", "same", "refused")


@dataclass(frozen=True)
class Staged:
    """A sheet whose good rows wait in the stage."""

    kind: SheetKind
    table: Table
    reader: SheetReader
    merge: Merge


def take_sheet(importable: Importable, path: Path, work: Path, options: Options, report: Report, progress: Progress) -> None:
    """A whole sheet: staged, compared with what is on record, merged. Refused rows go to a workbook beside the remarks."""
    now_doing("正在打开表格")
    progress(0, None)
    staged = stage_sheet(importable, path, options, report, lambda done, total: progress(done, total and 2 * total))
    total = 2 * report.rows
    now_doing("正在与已登记的资料比对")
    progress(report.rows, total)
    session().execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:kind))"), {"kind": f"import {importable.name}"})
    _settle(staged, report)
    now_doing("正在写入")
    progress(report.rows + total // 20, total)
    with_classes = importable.name == "residents" and "classes" in staged.merge.columns
    if with_classes:
        note_classes()
    note_moves(importable.name)
    write_rows(staged.merge, report, _second_half(progress, report.rows))
    now_doing("正在记入变动记录")
    progress(total, total)
    if with_classes:
        keep_tags()
    moves = keep_history(importable.name)
    let_follow(importable.name)
    if moves:
        report.warnings.append(f"{moves} {'户搬家' if importable.name == 'households' else '人迁户'}，已记入变动记录")
    homes = staged.reader.homes
    if homes.made:
        report.warnings.append(f"新建 {homes.made} 户（房屋原无住户）")
    if homes.carried_buildings:
        report.warnings.append(f"{homes.carried_buildings} 行没有写小区和楼栋，按上一行的楼栋登记")
    if homes.carried:
        report.warnings.append(f"{homes.carried} 行没有住址，按上一行的住址登记")
    if report.faults:
        write_result(result_path(report.path), staged.table, report.faults, staged.reader.carried)


def _second_half(progress: Progress, rows: int) -> Callable[[int, int], None]:
    """Writing as progress: from a little after all rows are read to nearly twice as many."""
    return lambda row, last: progress(rows + rows // 10 + (rows * 8 * row) // (10 * max(last, 1)), 2 * rows)


def result_path(remarks: Path) -> Path:
    """Where the workbook of refused rows lies."""
    return remarks.with_suffix(".xlsx")


def stage_sheet(
    importable: Importable, path: Path, options: Options, report: Report, progress: Progress, most: int | None = None
) -> Staged:
    """Read, convert, place and COPY the rows (the first `most`); faulty ones are refused."""
    kind = KINDS[importable.name]
    options = replace(options, columns={**saved_columns(kind.name, options.source), **options.columns})
    table = open_table(path, score_for(kind, options.columns), options.sheet, kind.names)
    now_doing("正在读取、检查各行")  # half of the way; the other half is writing
    reader = SheetReader(kind, table, options, report)
    fills = [name for name in FROM_NUMBER if name not in reader.mapping]
    merge = Merge(replace(importable, key="id"), reader.columns, keep_blank=True, fills=fills)
    make_stage(merge)
    for lines in _batches(itertools.islice(table.lines(), most)):
        report.rows += len(lines)
        copy_rows(merge, list(reader.read(lines)))  # a list: placing asks the same connection
        progress(report.rows, table.count)
    if not report.rows:
        report.warnings.append(f"工作表“{table.name}”只有表头，没有数据行。")
    return Staged(kind, table, reader, merge)


def _batches(lines: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(lines, BATCH)):
        yield batch


def _settle(staged: Staged, report: Report) -> None:
    """Which rows can be taken, and as which rows on record; the others are refused."""
    identify(staged, report)
    refuse_rows(staged.merge, report)
    forget_known_numbers(staged.merge)
    if staged.kind.name == "residents":
        check_heads(staged.merge, lambda row_no, key, reason: staged.reader.refuse(row_no, key, "", reason))


def identify(staged: Staged, report: Report) -> None:
    """Which row on record each staged row is; rows that are one and the same within the file are refused."""
    table = staged.merge.table
    session().execute(sa.text(f"ANALYZE {STAGED}"))
    earlier: list[str] = []
    for number, columns in enumerate(staged.kind.same):
        there = [name for name in columns if name in staged.merge.columns]
        if len(there) == len(columns):
            _refuse_same(staged, there, earlier, report)
            equal = " AND ".join(f'i."{name}" = t."{name}"' for name in columns)
            free = "".join(f' AND (i."{name}" IS NULL OR t."{name}" IS NULL)' for name in earlier)
            there_too = f"i.id IS NULL AND {equal} AND t.retired_at IS NULL{free}"
            session().execute(sa.text(f"UPDATE {STAGED} i SET id = t.id FROM {table} t WHERE {there_too}"))
            if staged.kind.lasting:  # a number that a retired row bears is refused in a moment
                gone = f"i.id IS NULL AND {equal} AND t.retired_at IS NOT NULL"
                session().execute(sa.text(f"UPDATE {STAGED} i SET id = t.id FROM {table} t WHERE {gone}"))
        if number == 0:
            earlier = there
    fresh = f"UPDATE {STAGED} SET id = nextval(pg_get_serial_sequence('{table}', 'id')) WHERE id IS NULL"
    session().execute(sa.text(fresh))


def _refuse_same(staged: Staged, columns: list[str], earlier: list[str], report: Report) -> None:
    filled = " AND ".join(f'"{name}" IS NOT NULL' for name in columns)
    unnamed = "".join(f' AND "{name}" IS NULL' for name in earlier)
    query = f"""
    DELETE FROM {STAGED} i USING (
      SELECT row_no, first_value(row_no) OVER (PARTITION BY {", ".join(f'"{name}"' for name in columns)} ORDER BY row_no) AS other
      FROM {STAGED} WHERE {filled}{unnamed}
    ) d WHERE d.row_no = i.row_no AND d.other < i.row_no RETURNING i.row_no, d.other
    """
    key = columns[-1].removesuffix("_hash")
    for row_no, other in session().execute(sa.text(query)):
        staged.reader.refuse(row_no, key, "", f"与第 {other} 行重复")


def preview_sheet(name: str, path: Path, options: Options) -> dict[str, Any]:
    """The first rows with what would become of them; nothing is kept. Sealed values go out masked. A sheet without a needed
    column shows its header only, so that one can say which column is meant."""
    importable = IMPORTS.get(name)
    if importable is None or name not in KINDS:
        raise NotFound(f"没有“{name[:20]}”表，可用：{'、'.join(KINDS)}。")
    check_right(importable.right)
    try:
        return _preview(importable, path, options)
    except Invalid as fault:
        if fault.code != "missing_column":
            raise
        return _header_only(KINDS[name], path, options, fault.detail)


def _header_only(kind: SheetKind, path: Path, options: Options, why: str) -> dict[str, Any]:
    columns = {**saved_columns(kind.name, options.source), **options.columns}
    table = open_table(path, score_for(kind, columns), options.sheet, kind.names)
    return {
        **_of_table(table, kind, map_header(kind, table.header, columns)),
        "counts": dict.fromkeys(OUTCOMES, 0),
        "rows": [],
        "warnings": [why],
    }


def _of_table(table: Table, kind: SheetKind, mapping: dict[str, str]) -> dict[str, Any]:
    return {
        "sheet": table.name,
        "header_row": table.header_row,
        "header": table.header,
        "count": table.count,
        "mapping": mapping,
        "fields": [{"key": one.key, "label": one.label, "required": one.required} for one in kind.fields],
    }


def _preview(importable: Importable, path: Path, options: Options) -> dict[str, Any]:
    name = importable.name
    with TemporaryDirectory(prefix="gis-grid-") as work, session().begin_nested() as attempt:
        report = Report(name, path.name, Path(work) / "remarks.csv")
        staged = stage_sheet(importable, path, options, report, lambda done, total: None, PREVIEWED)
        _settle(staged, report)
        known = outcomes(staged.merge)
        report.close()
        attempt.rollback()
    lines = itertools.islice(staged.table.lines(), PREVIEWED)
    rows = [_previewed(staged, row_no, cells, known, report) for row_no, cells in lines]
    counts = {outcome: sum(row["outcome"] == outcome for row in rows) for outcome in OUTCOMES}
    told = _of_table(staged.table, staged.kind, staged.reader.mapping)
    return {**told, "counts": counts, "rows": rows, "warnings": report.warnings}


def _previewed(staged: Staged, row_no: int, cells: list[Any], known: Mapping[int, str], report: Report) -> dict[str, Any]:
    faults = report.faults.get(row_no, {})
    shown: dict[str, Any] = {}
    for one, at in staged.reader.cells:
        text = "" if at >= len(cells) or cells[at] is None else str(cells[at])
        shown[one.key] = _MASKS.get(one.key, mask_phone)(text) if one.is_sealed and text else text
    return {"row": row_no, "outcome": "refused" if faults else known.get(row_no, "same"), "values": shown, "faults": faults}


def saved_columns(kind: str, source: str | None) -> dict[str, str]:
    """field -> column as saved for an office; refuses an office nobody saved."""
    if not source:
        return {}
    found = session().get(SheetMapping, (kind, source))
    if found is None:
        raise NotFound(f"没有为来源“{source[:40]}”保存过列的对应。")
    return dict(found.columns)


def save_columns(kind: str, source: str, columns: Mapping[str, str]) -> SheetMapping:
    """Remember which columns an office uses for a register."""
    known = {one.key for one in KINDS[kind].fields}
    if unknown := set(columns) - known:
        raise NotFound(f"没有“{'、'.join(sorted(unknown))[:80]}”这个字段，可用：{'、'.join(sorted(known))}。", code="no_field")
    row = session().get(SheetMapping, (kind, source)) or SheetMapping(kind=kind, source=source)
    row.columns, row.made_by = dict(columns), caller().name
    session().add(row)
    session().flush()
    session().refresh(row)
    return row


def list_mappings(kind: str) -> list[SheetMapping]:
    """What is saved for a register, by source."""
    return list(session().scalars(sa.select(SheetMapping).where(SheetMapping.kind == kind).order_by(SheetMapping.source)))


def delete_columns(kind: str, source: str) -> None:
    """Forget an office's columns."""
    saved_columns(kind, source)
    session().execute(sa.delete(SheetMapping).where(SheetMapping.kind == kind, SheetMapping.source == source))


def take_premises(importable: Importable, path: Path, work: Path, options: Options, report: Report, progress: Progress) -> None:
    """Shops with coordinates are placed by them, as ever; a sheet without goes by its address."""
    if path.suffix.lower() in (".xlsx", ".xls", ".csv") and _goes_by_address(path, options):
        take_sheet(importable, path, work, options, report, progress)
    else:
        take_rows(importable, path, work, options, report, progress)


def take_buildings(importable: Importable, path: Path, work: Path, options: Options, report: Report, progress: Progress) -> None:
    """Outlines as ever; a sheet without them goes by numbers, names and coordinates."""
    kind = KINDS["buildings"]
    if path.suffix.lower() in (".xlsx", ".xls", ".csv"):
        table = open_table(path, score_for(kind, options.columns), options.sheet, kind.names)
        if "wkt" not in options.columns and not {name.strip().lower() for name in table.header} & {*WKT}:
            take_sheet(importable, path, work, options, report, progress)
            return
    take_rows(importable, path, work, options, report, progress)


def _goes_by_address(path: Path, options: Options) -> bool:
    kind = KINDS["premises"]
    table = open_table(path, score_for(kind, options.columns), options.sheet, kind.names)
    said = {name.strip().lower() for name in table.header}
    located = {"lon", "lat", "wkt"} & options.columns.keys() or said & {*WKT} or (said & {*LON} and said & {*LAT})
    return not located and bool({"estate", "building", "address"} & map_header(kind, table.header, options.columns).keys())


_OWN_WAYS = {"premises": take_premises, "buildings": take_buildings}
for _kind in KINDS.values():
    if _kind.name in _OWN_WAYS:
        offer(replace(IMPORTS[_kind.name], run=_OWN_WAYS[_kind.name]))
    else:
        offer(Importable(_kind.name, _kind.register.model, "id", "none", _kind.register.write, run=take_sheet))
