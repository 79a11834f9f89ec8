"""Workbooks we write: the refused rows with the reason beside each cell, and the template to fill in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gis_grid.imports.safe import PLAIN, neutral
from gis_grid.sheets.kinds import SheetKind
from gis_grid.sheets.read import Table

MOST_CHOICES = 240  # Excel refuses longer lists typed into a rule
_FONT = {"font_name": "宋体", "font_size": 11}


def write_result(
    path: Path, table: Table, faults: Mapping[int, Mapping[str, str]], carried: Mapping[int, Mapping[str, Any]]
) -> None:
    """The refused rows as they came, faulty cells red with the reason as their note, and all reasons in a column of their own.

    Corrected, the same file can be imported again: it holds only these rows, with what they took from rows above (`carried`:
    row -> column -> value), which may not be here.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), PLAIN) as book:
        sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", "_", table.name)[:31] or "Sheet1")
        bold = book.add_format({**_FONT, "bold": True, "bg_color": "#D9E2F3"})
        red = book.add_format({**_FONT, "bg_color": "#FFC7CE"})
        plain, day = book.add_format(_FONT), book.add_format({**_FONT, "num_format": "yyyy-mm-dd"})
        why = book.add_format({**_FONT, "font_color": "#C00000", "text_wrap": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.header) - 1, 16)
        sheet.set_column(len(table.header), len(table.header), 60)
        sheet.set_column(len(table.header) + 1, len(table.header) + 1, 8)
        header = [*table.header, "原因", "原行号"]
        sheet.write_row(0, 0, header, bold)
        line = 0
        for row_no, cells in table.lines():
            if row_no not in faults:
                continue
            line += 1
            taken = carried.get(row_no, {})
            for at, name in enumerate(table.header):
                cell = taken.get(name, cells[at] if at < len(cells) else None)
                fault = faults[row_no].get(name)
                _write(sheet, line, at, cell, red if fault else day if isinstance(cell, date | datetime) else plain)
                if fault and line <= 20_000:
                    sheet.write_comment(line, at, fault, {"x_scale": 2})
            told = "；".join(f"{name}：{reason}" for name, reason in faults[row_no].items())
            sheet.write_string(line, len(table.header), told, why)
            sheet.write_number(line, len(table.header) + 1, row_no, plain)


def _write(sheet: Any, line: int, at: int, cell: Any, shape: Any) -> None:
    """Numbers as text where they are long, so that Excel spoils none."""
    if isinstance(cell, bool) or cell is None:
        sheet.write_string(line, at, "" if cell is None else "是" if cell else "否", shape)
    elif isinstance(cell, float | int) and abs(cell) < 1e11:
        sheet.write_number(line, at, cell, shape)
    elif isinstance(cell, datetime | date):
        sheet.write_datetime(line, at, cell, shape)
    else:
        text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
        sheet.write_string(line, at, str(neutral(text)), shape)


def write_template(path: Path, kind: SheetKind, choices: Mapping[str, list[str]]) -> None:
    """An empty sheet with our column names, drop-down lists for codes, text format for numbers, and how to fill it in."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet(kind.names[0])
        must = book.add_format({**_FONT, "bold": True, "bg_color": "#FCE4D6", "border": 1})
        may = book.add_format({**_FONT, "bold": True, "bg_color": "#D9E2F3", "border": 1})
        as_text = book.add_format({**_FONT, "num_format": "@"})
        sheet.freeze_panes(1, 0)
        for at, one in enumerate(kind.fields):
            sheet.write_string(0, at, one.label, must if one.required else may)
            sheet.set_column(at, at, max(12, 2 * len(one.label) + 4), as_text)
            if one.hint:
                sheet.write_comment(0, at, one.hint, {"x_scale": 1.5})
            names = choices.get(one.key, [])
            if names and not one.is_list and len(",".join(names)) <= MOST_CHOICES:
                rule = {"validate": "list", "source": names, "error_type": "warning", "error_message": "请从列表中选择"}
                sheet.data_validation(1, at, 10_000, at, rule)
        _write_notes(book, kind, choices)


def _write_notes(book: Any, kind: SheetKind, choices: Mapping[str, list[str]]) -> None:
    notes = book.add_worksheet("填写说明")
    bold, wrap = book.add_format({**_FONT, "bold": True}), book.add_format({**_FONT, "text_wrap": True, "valign": "top"})
    notes.set_column(0, 0, 16)
    notes.set_column(1, 1, 10)
    notes.set_column(2, 3, 50)
    notes.write_row(0, 0, ("列名", "是否必填", "说明", "可填的内容（名称或代码）"), bold)
    for line, one in enumerate(kind.fields, 1):
        also = f"也认：{'、'.join(one.synonyms[:6])}" if one.synonyms else ""
        told = "。".join(filter(None, (one.hint, also)))
        named = "、".join(choices.get(one.key, [])[:60])
        notes.write_row(line, 0, (one.label, "必填" if one.required else "", told, named), wrap)
    notes.write_string(len(kind.fields) + 2, 0, "空白的单元格不改动已登记的内容；日期可写 2020-01-05、2020年1月5日、20200105。")
