"""A plan's dry run as a workbook: what moves, sizes before and after, buildings by name, people's moves in numbers only."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

from gis_grid.plans.sizes import COUNTED

NOWHERE = "未定位"
KINDS = {**COUNTED, "units": "单元", "estates": "小区", "events": "事件", "staff": "网格队伍"}


def workbook(title: str, report: Mapping[str, Any]) -> bytes:
    """XLSX with three sheets: 迁移, 规模, 楼栋."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1})
    moves = [
        (KINDS.get(row["kind"], row["kind"]), row["was"] or NOWHERE, row["now"] or NOWHERE, row["count"])
        for row in report["moves"]
    ]
    moves += [("网格队伍", row["was"], row["now"], row["name"]) for row in report["staff"]]
    _sheet(book, head, "迁移", [title], ("类别", "原网格", "现网格", "数量"), moves)
    labels = [f"{label}（{when}）" for label in COUNTED.values() for when in ("前", "后")]
    sizes = [
        (row["code"], *(row[when].get(kind, 0) for kind in COUNTED for when in ("before", "after"))) for row in report["sizes"]
    ]
    warnings = [fault["message"] for fault in report["size_faults"]]
    _sheet(book, head, "规模", warnings, ("网格", *labels), sizes)
    buildings = [(row["name"] or str(row["id"]), row["was"] or NOWHERE, row["now"] or NOWHERE) for row in report.get("moved", ())]
    _sheet(book, head, "楼栋", [], ("楼栋", "原网格", "现网格"), buildings)
    book.close()
    return out.getvalue()


def _sheet(
    book: xlsxwriter.Workbook, head: Any, name: str, notes: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    sheet = book.add_worksheet(name)
    for line, note in enumerate(notes):
        sheet.write_string(line, 0, note)
    top = len(notes)
    for column, label in enumerate(columns):
        sheet.write_string(top, column, label, head)
    for line, row in enumerate(rows, top + 1):
        for column, value in enumerate(row):
            (sheet.write_number if isinstance(value, int) else sheet.write_string)(line, column, value)
    sheet.freeze_panes(top + 1, 1)
    sheet.set_column(0, len(columns) - 1, 18)
