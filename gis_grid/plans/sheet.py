"""A plan's dry run as a workbook: what it is, what moves, whose work follows, sizes before and after, buildings by name.

People's moves are told in numbers only."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

from gis_grid.db import Base
from gis_grid.plans.models import Plan
from gis_grid.plans.sizes import COUNTED

NOWHERE = "未定位"
STATUSES = {"draft": "草案", "approved": "已批准，待生效", "done": "已生效", "withdrawn": "已撤回"}
_FROM_TO = ("原网格", "原网格名称", "现网格", "现网格名称")
_LONGEST = 60  # characters a column is made wide for

Row = Sequence[Any]


def workbook(plan: Plan, report: Mapping[str, Any], names: Mapping[str, str]) -> bytes:
    """XLSX with five sheets: 说明, 迁移, 队伍和账号, 规模, 楼栋; `names` of areas by code."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1})
    _sheet(book, head, "说明", ("项目", "内容"), _told(plan, report, names))
    moves = [(_kind(row["kind"]), *_from_to(row["was"], row["now"], names), row["count"]) for row in report["moves"]]
    _sheet(book, head, "迁移", ("类别", *_FROM_TO, "数量"), moves)
    staff = [("网格队伍", row["name"], *_from_to(row["was"], row["now"], names)) for row in report["staff"]]
    users = [
        ("账号数据范围", row["name"], *_many(row["was"], names), *_many(row["now"], names)) for row in report.get("users", ())
    ]
    _sheet(book, head, "队伍和账号", ("类别", "姓名或账号", *_FROM_TO), [*staff, *users])
    labels = [f"{label}（{when}）" for label in COUNTED.values() for when in ("前", "后")]
    sizes = [
        (row["code"], names.get(row["code"], ""), *(row[when].get(kind, 0) for kind in COUNTED for when in ("before", "after")))
        for row in report["sizes"]
    ]
    _sheet(book, head, "规模", ("网格", "名称", *labels), sizes)
    buildings = [(row["name"] or str(row["id"]), *_from_to(row["was"], row["now"], names)) for row in report.get("moved", ())]
    _sheet(book, head, "楼栋", ("楼栋", *_FROM_TO), buildings)
    book.close()
    return out.getvalue()


def _told(plan: Plan, report: Mapping[str, Any], names: Mapping[str, str]) -> list[Row]:
    """What the plan is, how much moves in all, what is out of rule, and what the other sheets leave out."""
    counts: dict[str, int] = {}
    for row in report["moves"]:
        counts[row["kind"]] = counts.get(row["kind"], 0) + row["count"]
    told: list[Row] = [
        ("方案", plan.name),
        ("所在区域", f"{plan.area_code} {names.get(plan.area_code, '')}".strip()),
        ("状态", STATUSES.get(plan.status, plan.status)),
        ("生效日期", str(plan.effective) if plan.effective else "批准时确定"),
        ("拟定人", plan.made_by),
        ("说明", plan.remark or ""),
        *((f"迁移{_kind(kind)}", count) for kind, count in counts.items()),
        *(("规模提醒", fault["message"]) for fault in report["size_faults"]),
        *(("无人负责", one["message"]) for one in report.get("unstaffed", ())),
    ]
    listed, moved = len(report.get("moved", ())), counts.get("buildings", 0)
    if listed < moved:
        told.append(("楼栋表", f"列出前 {listed} 栋，共 {moved} 栋"))
    return told


def _kind(table: str) -> str:
    return COUNTED.get(table) or Base.metadata.tables[table].comment or table


def _from_to(was: str | None, now: str | None, names: Mapping[str, str]) -> Row:
    return was or NOWHERE, names.get(was or "", ""), now or NOWHERE, names.get(now or "", "")


def _many(codes: Sequence[str], names: Mapping[str, str]) -> Row:
    return "、".join(codes), "、".join(names.get(code, "") for code in codes)


def _sheet(book: xlsxwriter.Workbook, head: Any, name: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """One table with a fixed head, each column as wide as its longest value, ready to print on the page's width."""
    sheet = book.add_worksheet(name)
    wide = [_width(label) for label in columns]
    for column, label in enumerate(columns):
        sheet.write_string(0, column, label, head)
    for line, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            (sheet.write_number if isinstance(value, int) else sheet.write_string)(line, column, value)
            wide[column] = max(wide[column], _width(str(value)))
    for column, width in enumerate(wide):
        sheet.set_column(column, column, min(width, _LONGEST) + 2)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
