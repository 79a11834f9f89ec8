"""The files an export is written as, each with its watermark: Excel and CSV without formulas, a list to print, GeoJSON."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import orjson

from gis_grid.printed import pdf_of
from gis_grid.sheets.book import Write, excel_sheet
from gis_grid.sheets.result import neutral

MOST_PRINTED = 1_000
Columns = Sequence[tuple[str, str]]  # key, label
_FONTS = "'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


@contextmanager
def _excel(path: Path, title: str, columns: Columns, watermark: str) -> Iterator[Write]:
    with excel_sheet(path, title, [label for _, label in columns], watermark) as write:
        yield lambda values: write([neutral(value) for value in values])


@contextmanager
def _csv_sheet(path: Path, title: str, columns: Columns, watermark: str) -> Iterator[Write]:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([neutral(watermark)])
        out.writerow([label for _, label in columns])

        def write(values: Sequence[Any]) -> None:
            out.writerow([_said(neutral(value)) if isinstance(value, bool) else neutral(value) for value in values])

        yield write


@contextmanager
def _geojson(path: Path, title: str, columns: Columns, watermark: str) -> Iterator[Write]:
    """Features of points (RFC 7946) with the columns' labels as names; rows without a position have none."""
    keys = [key for key, _ in columns]
    lon, lat = keys.index("lon"), keys.index("lat")
    told = [(at, label) for at, (key, label) in enumerate(columns) if key not in ("lon", "lat")]
    with path.open("wb") as file:
        head = {"type": "FeatureCollection", "name": title, "description": watermark}
        file.write(orjson.dumps(head)[:-1] + b',"features":[')
        first = True

        def write(values: Sequence[Any]) -> None:
            nonlocal first
            placed = values[lon] is not None and values[lat] is not None
            point = {"type": "Point", "coordinates": [round(values[lon], 7), round(values[lat], 7)]} if placed else None
            properties = {label: values[at] for at, label in told}
            file.write(b"" if first else b",\n")
            file.write(orjson.dumps({"type": "Feature", "geometry": point, "properties": properties}))
            first = False

        yield write
        file.write(b"]}")


@contextmanager
def _printed(path: Path, title: str, columns: Columns, watermark: str) -> Iterator[Write]:
    """A list on A4 across: the header on each page, the watermark and the page's number at its foot."""
    rows: list[str] = []

    def write(values: Sequence[Any]) -> None:
        rows.append("<tr>" + "".join(f"<td>{escape(_said(value))}</td>" for value in values) + "</tr>")

    yield write
    head = "".join(f"<th>{escape(label)}</th>" for _, label in columns)
    sign = watermark.replace("\\", "").replace('"', "”").replace("\n", " ")
    page = f"""<html lang="zh-CN"><head><title>{escape(title)}</title><style>
      @page {{ size: A4 landscape; margin: 12mm 10mm 16mm;
        @bottom-left {{ content: "{sign}"; width: 230mm; font: 8pt {_FONTS}; color: #a00000 }}
        @bottom-right {{ content: "第 " counter(page) " / " counter(pages) " 页"; font: 8pt {_FONTS} }} }}
      body {{ margin: 0; font: 9pt/1.35 {_FONTS} }} h1 {{ margin: 0 0 3mm; font-size: 14pt }}
      table {{ width: 100%; border-collapse: collapse }} thead {{ display: table-header-group }}
      th, td {{ padding: 1mm 1.5mm; border: 0.2mm solid #8a94a0; text-align: left; vertical-align: top; overflow-wrap: anywhere }}
      th {{ background: #e3eaf3 }} tr {{ break-inside: avoid }}
    </style></head><body><h1>{escape(title)}（{len(rows)} 条）</h1>
    <table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></body></html>"""
    path.write_bytes(pdf_of(page))


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) > 1000 else f"{value:.6f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


WRITERS = {".xlsx": _excel, ".csv": _csv_sheet, ".geojson": _geojson, ".pdf": _printed}
