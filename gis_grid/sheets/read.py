"""Open a sheet that somebody sends: .xlsx, .xls or .csv, the right worksheet, the header row; hostile files are refused."""

from __future__ import annotations

import csv
import itertools
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from gis_grid.errors import Invalid, TooLarge
from gis_grid.imports.read import guess_encoding, open_workbook
from gis_grid.sheets.ole import names_in

MOST_BYTES = 512 * 1024**2
MOST_UNPACKED = 1024**3
MOST_COLUMNS = 200
MOST_ROWS = 1_000_000
MOST_LINE = 1024**2  # characters of one row of a CSV, however many lines it takes
HEADER_WITHIN = 10  # titles and notes may stand above the header
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_EXCEL = (".xlsx", ".xls")
Score = Callable[[Sequence[str]], int]  # how many of these names are columns of the register


@dataclass(frozen=True)
class Table:
    """An opened sheet. `lines()` yields (row number as Excel shows it, cells), empty rows left out; it may be asked again."""

    header: list[str]
    header_row: int
    count: int | None
    name: str
    lines: Callable[[], Iterator[tuple[int, list[Any]]]]


def open_table(path: Path, score: Score, wanted: str | None = None, names: Sequence[str] = ()) -> Table:
    """The worksheet called `wanted`, else one of `names`, else the one whose header fits best."""
    if path.stat().st_size > MOST_BYTES:
        raise TooLarge(f"文件超过 {MOST_BYTES // 1024**2} MB，请分成几个文件。")
    suffix = path.suffix.lower()
    if not path.stat().st_size:
        raise Invalid("文件是空的（0 字节）：请重新保存后再上传。", code="empty_file")
    if suffix in (".csv", ".txt"):
        return _open_csv(path, score)
    if suffix in (".xlsm", ".xltm", ".xlsb", ".xlam"):
        raise Invalid("文件含有宏（.xlsm 等），已拒绝：请另存为 .xlsx 后再上传。", code="macro")
    if suffix not in _EXCEL:
        raise Invalid(f"不支持“{path.suffix[:10]}”：请用 .xlsx、.xls 或 .csv。", code="bad_type")
    _check_workbook(path)
    return _open_excel(path, score, wanted, names)


def _check_workbook(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start == _ZIP:
        _check_zip(path)
    elif start == _OLE:
        _check_old(path)
    else:
        raise Invalid("内容不是 Excel 文件（可能只改了扩展名）：请用 Excel 另存为 .xlsx 后再上传。", code="bad_file")


def _check_old(path: Path) -> None:
    try:
        names = names_in(path)
    except ValueError:
        raise Invalid("Excel 文件已损坏，无法打开：请重新保存后再上传。", code="bad_file") from None
    if "EncryptedPackage" in names:
        raise Invalid("文件有密码，无法打开：请在 Excel 中取消密码后再上传。", code="encrypted")
    if {"_VBA_PROJECT_CUR", "_VBA_PROJECT"} & names:
        raise Invalid("文件含有宏，已拒绝：请另存为不含宏的 .xlsx 后再上传。", code="macro")


def _check_zip(path: Path) -> None:
    """What a workbook unpacks to is counted by unpacking it: what its directory claims may be a lie."""
    try:
        with zipfile.ZipFile(path) as archive:
            if any(info.filename.lower().endswith("vbaproject.bin") for info in archive.infolist()):
                raise Invalid("文件含有宏，已拒绝：请另存为不含宏的 .xlsx 后再上传。", code="macro")
            left = MOST_UNPACKED
            for info in archive.infolist():
                if info.file_size > left:
                    raise TooLarge("文件展开后过大，已拒绝：请只保留有数据的行列，或改用 CSV。", code="too_large")
                with archive.open(info) as packed:
                    while chunk := packed.read(1 << 20):
                        left -= len(chunk)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
        raise Invalid("Excel 文件已损坏或有密码，无法打开：请用 Excel 重新保存后再上传。", code="bad_file") from None


def _open_excel(path: Path, score: Score, wanted: str | None, names: Sequence[str]) -> Table:
    book = open_workbook(path)
    sheets = {name: book.get_sheet_by_name(name) for name in _candidates(book, wanted, names)}
    best = max(sheets.items(), key=lambda item: _header_of(_first_rows(item[1]), score)[1], default=None)
    if best is None:
        raise Invalid("工作簿里没有工作表。", code="empty_file")
    return _table_of(*best, score)


def _candidates(book: Any, wanted: str | None, names: Sequence[str]) -> list[str]:
    there = list(book.sheet_names)
    if wanted:
        if wanted not in there:
            raise Invalid(f"没有名为“{wanted[:30]}”的工作表，现有：{'、'.join(there)[:200]}。", code="no_sheet")
        return [wanted]
    return [name for name in there if name.strip() in names][:1] or there[:20]


def _first_rows(sheet: Any) -> list[list[str]]:
    rows = []
    for row in sheet.iter_rows():
        rows.append([str(cell).strip() for cell in row[: MOST_COLUMNS + 1]])
        if len(rows) == HEADER_WITHIN:
            break
    return rows


def _header_of(rows: Sequence[Sequence[str]], score: Score) -> tuple[int, int]:
    """Which of the first rows is the header (from 0), and how many of its names are known."""
    scores = [score(row) for row in rows]
    best = max(range(len(rows)), key=lambda i: scores[i], default=0)
    return best, scores[best] if scores else 0


def _table_of(name: str, sheet: Any, score: Score) -> Table:
    if sheet.width > MOST_COLUMNS:
        raise Invalid(f"工作表“{name}”有 {sheet.width} 列，超过 {MOST_COLUMNS} 列：请删去无关的列。", code="too_many_columns")
    if sheet.height > MOST_ROWS:
        raise TooLarge(f"工作表“{name}”有 {sheet.height} 行，超过 {MOST_ROWS} 行：请分成几个文件。", code="too_large")
    at, _ = _header_of(_first_rows(sheet), score)
    _refuse_merged(sheet, name, at)
    header = _names(next((row for i, row in enumerate(sheet.iter_rows()) if i == at), []))

    def lines() -> Iterator[tuple[int, list[Any]]]:
        for i, row in enumerate(sheet.iter_rows()):
            if i > at and any(cell not in ("", None) for cell in row):
                yield i + 1, row

    return Table(header, at + 1, max(0, sheet.end[0] - at) if sheet.end else 0, name, lines)


def _refuse_merged(sheet: Any, name: str, header_row: int) -> None:
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top <= header_row <= bottom and (right > left or bottom > top):
            where = f"第 {header_row + 1} 行第 {left + 1} 列"
            raise Invalid(f"工作表“{name}”的表头有合并单元格（{where}）：请取消合并，每列写一个列名。", code="merged_header")


def _names(cells: Sequence[Any]) -> list[str]:
    """Column names, each once: an empty one is 第 n 列, a repeated one gets its number."""
    names: list[str] = []
    for i, cell in enumerate(cells):
        name = str(cell).strip().replace("\n", "") or f"第{i + 1}列"
        names.append(name if name not in names else f"{name}（{i + 1}）")
    return names


def _open_csv(path: Path, score: Score) -> Table:
    encoding = guess_encoding(path)
    first = list(itertools.islice(_csv_lines(path, encoding), HEADER_WITHIN))
    if not first:
        raise Invalid("文件是空的。", code="empty_file")
    if max(map(len, first)) > MOST_COLUMNS:
        raise Invalid(f"有 {max(map(len, first))} 列，超过 {MOST_COLUMNS} 列：请删去无关的列。", code="too_many_columns")
    at, _ = _header_of(first, score)

    def lines() -> Iterator[tuple[int, list[Any]]]:
        for i, row in enumerate(_csv_lines(path, encoding)):
            if i > at and any(row):
                yield i + 1, row[: MOST_COLUMNS + 1]

    return Table(_names(first[at]), at + 1, _count_lines(path, at + 1), "CSV", lines)


def _count_lines(path: Path, above: int) -> int | None:
    """How many rows a CSV has below its header; None where quoted cells may hold lines of their own."""
    ends, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if b'"' in chunk:
                return None
            ends, last = ends + chunk.count(b"\n"), chunk[-1:]
    return max(0, ends + (last != b"\n") - above)


def _csv_lines(path: Path, encoding: str) -> Iterator[list[str]]:
    """Rows of a CSV. One of many megabytes, in one line or in quotes that never end, would fill the memory: refused."""
    read = 0

    def bounded(file: TextIO) -> Iterator[str]:
        nonlocal read
        while line := file.readline(MOST_LINE + 1):
            read += len(line)
            if read > MOST_LINE:
                raise Invalid("CSV 中有一行过长（没有换行，或引号没有配对）：请用 Excel 另存为 .xlsx 后再上传。", code="bad_file")
            yield line

    try:
        with path.open(encoding=encoding, newline="") as file:
            line = file.readline(MOST_LINE)
            delimiter = max(",;\t", key=line.count)
            file.seek(0)
            for row in csv.reader(bounded(file), delimiter=delimiter):
                read = 0
                yield row
    except UnicodeDecodeError:
        raise Invalid("文件不是 UTF-8 或 GBK 编码：请用 Excel 另存为“CSV UTF-8”后再上传。", code="bad_encoding") from None
    except csv.Error as fault:
        long = "field limit" in str(fault)
        told = f"有一格超过 {csv.field_size_limit():,} 字，可能有引号没有配对" if long else str(fault)
        raise Invalid(f"CSV 格式有误：{told}。", code="bad_file") from None
