"""The diagram's data as SVG, PNG, a printable PDF page or a plain list; every picture shows exactly the data."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from gis_grid.house_status.svg import FONTS, draw_building, draw_estate
from gis_grid.printed import pdf_of

TYPES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf", "txt": "text/plain"}
MOST_PIXELS = 60_000_000
Data = Mapping[str, Any]


def draw(data: Data, form: str) -> bytes:
    """svg, png, pdf or txt of a building's or an estate's diagram."""
    if form == "txt":
        return "\n".join(_lines(data)).encode()
    drawn = draw_building(data) if "building" in data else draw_estate(data)
    if form == "svg":
        return drawn.encode()
    return _png(drawn) if form == "png" else _pdf(drawn)


def _png(drawn: str) -> bytes:
    """Twice the size of the drawing, less where that would be too much."""
    import resvg_py

    width, height = _size(drawn)
    zoom = min(2.0, (MOST_PIXELS / (width * height)) ** 0.5)
    return bytes(resvg_py.svg_to_bytes(svg_string=drawn, zoom=zoom, font_family="Noto Sans CJK SC", languages=["zh-CN"]))


def _pdf(drawn: str) -> bytes:
    """One page, A4 or A3 across or upright, whichever shows the drawing larger without growing beyond A3."""
    width, height = _size(drawn)
    paper = "A4" if width * height < 1_100_000 else "A3"
    turned = "landscape" if width > height else "portrait"
    long, short = (420, 297) if paper == "A3" else (297, 210)
    across, upright = (long, short) if turned == "landscape" else (short, long)
    scale = min((across - 24) / width, (upright - 26) / height)
    picture = base64.b64encode(drawn.encode()).decode()
    page = f"""<html lang="zh-CN"><head><title>房态图</title><style>
      @page {{ size: {paper} {turned}; margin: 12mm 12mm 14mm;
        @bottom-right {{ content: "第 " counter(page) " / " counter(pages) " 页"; font: 9pt {FONTS}; color: #4b5868 }} }}
      body {{ margin: 0; font-family: {FONTS} }}
      img {{ display: block; width: {width * scale:.2f}mm; height: {height * scale:.2f}mm }}
    </style></head><body><img alt="{escape("房态图")}" src="data:image/svg+xml;base64,{picture}"></body></html>"""
    return pdf_of(page)


def _size(drawn: str) -> tuple[float, float]:
    """Width and height of the drawing, px."""
    _, _, width, height = drawn.split('viewBox="', 1)[1].split('"', 1)[0].split()
    return float(width), float(height)


def _begins(cell: Data) -> tuple[int, int]:
    """A flat of several floors stands under the floor it begins on."""
    return cell["row"] + cell["rows"], cell["col"]


def _lines(data: Data) -> Iterator[str]:
    """The diagram as a list in words, floor by floor from the top: for screen readers and for searching."""
    for one in data.get("diagrams", [data]):
        yield one["building"]["title"]
        last = None
        for cell in sorted(one["cells"], key=_begins):
            if cell["floor"] != last:
                last = cell["floor"]
                yield f"  {last}"
            yield f"    {cell['text']}"
    yield "图例：" + "，".join(f"{rule['label']} {rule['count']}" for rule in data["legend"])
