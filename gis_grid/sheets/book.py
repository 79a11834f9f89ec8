"""Write a workbook of any number of rows: xlsxwriter makes the frame, the rows are streamed into its sheet as they come.

Cell by cell through xlsxwriter a hundred thousand people take half a minute of processor time; written as text, a tenth of it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape

from gis_grid.imports.safe import neutral

Write = Callable[[Sequence[Any]], None]
MOST_CHARS = 32_767  # Excel's limit of one cell
_SHEET = "xl/worksheets/sheet1.xml"
_DAY_0 = date(1899, 12, 30)
_FIRST = date(1900, 3, 1)  # Excel's calendar is wrong before
_SPECIAL = re.compile(r"[&<>\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IMPOSSIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FLUSH = 500  # rows


@contextmanager
def excel_sheet(path: Path, title: str, labels: Sequence[str], watermark: str) -> Iterator[Write]:
    """write(values) adds a row; above them stand the watermark and the labels. Values are text, numbers, days, truths or None."""
    frame, day = _frame(title, labels, watermark)
    with zipfile.ZipFile(frame) as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as book:
        for info in made.infolist():
            if info.filename != _SHEET:
                book.writestr(info.filename, made.read(info))
        head, tail = re.sub(rb"<dimension[^>]*/>", b"", made.read(_SHEET)).split(b"</sheetData>")
        with book.open(_SHEET, "w", force_zip64=True) as sheet:
            sheet.write(head)
            rows = _Rows(sheet, len(labels), day)
            yield rows.add
            rows.flush()
            sheet.write(b"</sheetData>" + tail)


def _frame(title: str, labels: Sequence[str], watermark: str) -> tuple[io.BytesIO, int]:
    """A workbook with everything but the rows, and the number of its style for days."""
    import xlsxwriter

    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(title)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_string(0, 0, neutral(watermark), book.add_format({"font_color": "#C00000", "italic": True}))
        sheet.write_row(1, 0, labels, book.add_format({"bold": True, "bg_color": "#D9E2F3", "border": 1}))
        for at, label in enumerate(labels):
            sheet.set_column(at, at, min(40, max(10, 2 * len(label) + 4)))
        sheet.set_column(len(labels), len(labels), None, day)  # so that the style is kept
        sheet.freeze_panes(2, 0)
        sheet.set_footer(f"&L{watermark[:200].replace('&', '&&')}&R&P/&N")
    memory.seek(0)
    return memory, int(day.xf_index)


class _Rows:
    """Rows as the sheet's XML, written some hundreds at a time."""

    def __init__(self, sheet: IO[bytes], width: int, day: int) -> None:
        from xlsxwriter.utility import xl_col_to_name

        self.sheet, self.day, self.line = sheet, day, 2
        self.columns = [xl_col_to_name(at) for at in range(width)]
        self.waiting: list[str] = []

    def add(self, values: Sequence[Any]) -> None:
        self.line += 1
        cells = [
            self._cell(f"{column}{self.line}", value)
            for column, value in zip(self.columns, values, strict=True)
            if value is not None and value != ""
        ]
        self.waiting.append(f'<row r="{self.line}">{"".join(cells)}</row>')
        if len(self.waiting) >= _FLUSH:
            self.flush()

    def flush(self) -> None:
        self.sheet.write("".join(self.waiting).encode())
        self.waiting.clear()

    def _cell(self, ref: str, value: Any) -> str:
        if isinstance(value, str):
            return _text(ref, value)
        if isinstance(value, bool):
            return _text(ref, "是" if value else "否")
        if isinstance(value, date):
            known = value >= _FIRST
            return f'<c r="{ref}" s="{self.day}"><v>{(value - _DAY_0).days}</v></c>' if known else _text(ref, value.isoformat())
        return f'<c r="{ref}"><v>{value}</v></c>'


def _text(ref: str, text: str) -> str:
    if _SPECIAL.search(text):
        text = escape(_IMPOSSIBLE.sub("", text))
    return f'<c r="{ref}" t="inlineStr"><is><t xml:space="preserve">{text[:MOST_CHARS]}</t></is></c>'
