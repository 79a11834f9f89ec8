"""A count as a table, written as .xlsx, .csv or a printable page; every form says who took it, when, and what was hidden."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from gis_grid.access.guard import caller
from gis_grid.config import settings
from gis_grid.house_status.svg import FONTS
from gis_grid.imports.safe import PLAIN, neutral
from gis_grid.printed import pdf_of

TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
MOST_UPRIGHT = 7  # columns of an upright page
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Rows as long as the header; `sums` stand below, over all of several areas. The first `texts` columns are no numbers."""

    title: str
    notes: Sequence[str]
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    sums: Sequence[Sequence[Any]]
    texts: int
    has_total: bool  # the last column is the sum of its row


def written(told: Told, title: str | None, form: str) -> bytes:
    """csv, xlsx or pdf."""
    return {"csv": _csv, "xlsx": _excel, "pdf": _pdf}[form](as_table(told, title))


def as_table(told: Told, title: str | None = None) -> Table:
    """One row per area (and value of the first of two fields), one column per value of the last field, and a sum."""
    labels = [one["label"] for one in told["fields"]]
    least = told["hidden_below"]

    def number(count: int | None) -> Any:
        return f"少于 {least}" if count is None else count

    across = [value["value"] for value in told["axes"][-1]] if labels else []
    down = told["axes"][0] if len(labels) == 2 else [None]
    untold = None if least else 0  # what was not told is hidden, or nothing
    cells = {(cell["area_code"], *cell["values"]): cell["count"] for cell in told["cells"]}
    over_all = {tuple(one["values"]): one["count"] for one in told["values"]}

    is_summed = len(labels) == 2 and not least and not told["several"]  # else the numbers of a row are no sum of anything

    def line(area: Mapping[str, Any], found: Mapping[Any, Any], lead: tuple[Any, ...], first: Any) -> list[Any]:
        key = lead if first is None else (*lead, first["value"])
        numbers = [number(found.get((*key, value), untold)) for value in across]
        if first is None:
            return [area["code"], area["name"], *numbers, number(area["count"])]
        return [area["code"], area["name"], first["label"], *numbers, *([sum(numbers)] if is_summed else [])]

    everything = {"code": "", "name": "合计", "count": told["total"]}
    whole = "总数（可有多项）" if told["several"] else "合计" if labels else "数量"
    header = ["区域编码", "区域", *labels[:-1], *(value["label"] for value in told["axes"][-1] if labels)] if labels else None
    return Table(
        title or f"{told['title']}统计",
        _notes(told),
        [*(header or ["区域编码", "区域"]), *([whole] if len(labels) < 2 or is_summed else [])],
        [line(area, cells, (area["code"],), first) for area in told["areas"] for first in down],
        [line(everything, over_all, (), first) for first in down] if len(told["areas"]) > 1 or len(labels) < 2 else [],
        2 + len(labels[:-1]),
        has_total=len(labels) < 2 or is_summed,
    )


def _notes(told: Told) -> list[str]:
    now = datetime.now(ZoneInfo(settings().time_zone)).strftime("%Y-%m-%d %H:%M")
    where = " / ".join(one["name"] for one in told["path"]) or "我的全部范围"
    by = "、".join(one["label"] for one in told["fields"]) or "总数"
    notes = [f"{caller().name} 于 {now} 导出", f"范围：{where}；按 {told['at']} 的边界；统计：{told['title']}，按{by}"]
    if told["hidden_below"]:
        least, step = told["hidden_below"], told["rounded_to"]
        notes.append(f"为保护个人，{least} 以下的数不显示，其余凑整到 {step} 的倍数；合计单独凑整，与各项之和可能略有出入。")
    if told["several"]:
        notes.append("一人可有多个类别，各项之和可能多于总数。")
    if told["outside"] != 0:
        outside = f"少于 {told['hidden_below']}" if told["outside"] is None else told["outside"]
        notes.append(f"不在所列区域内的：{outside} 条。")
    return notes


def _csv(table: Table) -> bytes:
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow([neutral("；".join(table.notes))])
    for row in (table.header, *table.rows, *table.sums):
        out.writerow([neutral(value) for value in row])
    return ("\ufeff" + text.getvalue()).encode()


def _excel(table: Table) -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {**PLAIN, "in_memory": True}) as book:
        sheet = book.add_worksheet("统计")
        sheet.write_string(0, 0, neutral("；".join(table.notes)), book.add_format({"font_color": "#C00000", "italic": True}))
        bold = book.add_format({"bold": True, "bg_color": "#D9E2F3", "border": 1})
        for at, title in enumerate(table.header):
            sheet.write_string(1, at, str(neutral(title)), bold)
            sheet.set_column(at, at, 16 if at < table.texts else max(8, 2 * len(title) + 2))
        sheet.freeze_panes(2, table.texts)
        sum_format, plain = book.add_format({"bold": True, "top": 1}), book.add_format()
        lines = [(row, plain) for row in table.rows] + [(row, sum_format) for row in table.sums]
        for y, (row, shape) in enumerate(lines, 2):
            for x, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(y, x, neutral(value), shape)
                else:
                    sheet.write_number(y, x, value, shape)
        sheet.set_footer(f"&L{table.notes[0].replace('&', '&&')}&R&P/&N")
    return content.getvalue()


def _pdf(table: Table) -> bytes:
    turned = "landscape" if len(table.header) > MOST_UPRIGHT else "portrait"
    most = max((row[-1] for row in table.rows if isinstance(row[-1], int)), default=0) if table.has_total else 0
    head = "".join(f"<th>{escape(title)}</th>" for title in table.header)
    body = "".join(_html_row(row, table.texts, most) for row in table.rows)
    sums = "".join(_html_row(row, table.texts, 0) for row in table.sums)
    size = 10 if len(table.header) <= 14 else 140 / len(table.header)
    page = f"""<html lang="zh-CN"><head><title>{escape(table.title)}</title><style>
      @page {{ size: A4 {turned}; margin: 14mm 12mm 16mm;
        @bottom-left {{ content: "{_quoted(table.notes[0])}"; font: 8pt {FONTS}; color: #4b5868 }}
        @bottom-right {{ content: "第 " counter(page) " / " counter(pages) " 页"; font: 8pt {FONTS}; color: #4b5868 }} }}
      body {{ margin: 0; font-family: {FONTS}; font-size: {size:.1f}pt; color: #1f2a37 }}
      h1 {{ margin: 0 0 2mm; font-size: 17pt }} p {{ margin: 0 0 1mm; font-size: 9.5pt; color: #4b5868 }}
      table {{ width: 100%; margin-top: 4mm; border-collapse: collapse }}
      thead {{ display: table-header-group }} tr {{ break-inside: avoid }}
      th, td {{ padding: 1.2mm 1.5mm; border: 0.2mm solid #8a97a6; text-align: left }}
      th {{ background: #e8eef5 }} td.n {{ text-align: right; white-space: nowrap }}
      td.n.bar {{ background: no-repeat left / var(--share) 100% linear-gradient(#cfe0f2, #cfe0f2) }}
      tr.sum td {{ font-weight: bold; background: #f3f5f8 }}
    </style></head><body><h1>{escape(table.title)}</h1>{"".join(f"<p>{escape(note)}</p>" for note in table.notes[1:])}
    <table><thead><tr>{head}</tr></thead><tbody>{body}{sums.replace("<tr>", '<tr class="sum">')}</tbody></table></body></html>"""
    return pdf_of(page)


def _html_row(row: Sequence[Any], texts: int, most: int) -> str:
    """A total in the last column carries a bar, so that a printed sheet is read at a glance."""
    told = [f"<td>{escape(str(value))}</td>" for value in row[:texts]]
    told += [f'<td class="n">{escape(str(value))}</td>' for value in row[texts:-1]]
    share = f' class="n bar" style="--share:{100 * row[-1] / most:.0f}%"' if most and isinstance(row[-1], int) else ' class="n"'
    return f"<tr>{''.join(told)}<td{share}>{escape(str(row[-1]))}</td></tr>"


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace('"', "").replace("<", "").replace("\n", " ")
