"""The printed font as metrics: how wide a text is, and which characters it cannot show. Needs fontconfig, as pango does."""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from gis_grid.errors import Unavailable

FAMILY = "Noto Sans CJK SC"  # the SC forms: 骨 直 返 look different in the JP font, which is the collection's first


@dataclass(frozen=True)
class Face:
    """One font file: advance widths in em by character."""

    path: str
    widths: dict[int, float]


@cache
def face(bold: bool = False) -> Face:
    """The metrics of the printed font; refuses when it is not installed, since another would print other forms."""
    from fontTools.ttLib import TTFont

    asked = f"{FAMILY}:bold" if bold else FAMILY
    words = ["fc-match", "-f", "%{family}|%{file}|%{index}", asked]
    try:
        told = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        told = ""
    family, _, rest = told.partition("|")
    path, _, index = rest.partition("|")
    if FAMILY not in family:
        raise Unavailable(f"服务器没有安装字体“{FAMILY}”（软件包 fonts-noto-cjk），无法制作公示牌。", code="no_font")
    with TTFont(path, fontNumber=int(index or 0) & 0xFFFF, lazy=True) as font:
        advance, units = font["hmtx"].metrics, font["head"].unitsPerEm
        widths = {char: advance[glyph][0] / units for char, glyph in font.getBestCmap().items()}
    return Face(path, widths)


@lru_cache(maxsize=20_000)
def width_em(text: str, bold: bool = False) -> float:
    """How wide a line of text is, in em (times the letter height gives millimetres)."""
    widths = face(bold).widths
    return sum(widths.get(ord(char), 1.0) for char in text)


def missing_glyphs(texts: Iterable[str]) -> list[str]:
    """Characters that the font cannot show, each once, in order of appearance."""
    known = face(False).widths
    seen: dict[str, None] = {}
    for text in texts:
        for char in text:
            if ord(char) not in known and unicodedata.category(char)[0] not in ("C", "Z"):
                seen.setdefault(char)
    return list(seen)


_NOT_FIRST = "，。、；：！？）》」』”’％%…·"
_WORD = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-*/.+#")


def wrap(text: str, width_em_: float, bold: bool = False) -> list[str]:
    """Lines no wider than `width_em_`: Chinese breaks anywhere but before closing marks, numbers and codes stay whole."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for piece in _pieces(paragraph):
            if line and width_em(line + piece, bold) > width_em_:
                lines.append(line)
                line = piece.lstrip()
            else:
                line += piece
        lines.append(line)
    return lines


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for char in text:
        joins = pieces and (char in _NOT_FIRST or (char in _WORD and pieces[-1][-1] in _WORD))
        if joins:
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def size_to_fit(
    text: str, width: float, height: float, most: float, least: float, *, leading: float = 1.5, bold: bool = False
) -> float | None:
    """The largest letter height (mm) between `most` and `least` at which the text fits a box of mm; None when not even least."""
    size = most
    while True:
        if len(wrap(text, width / size, bold)) * size * leading <= height + 1e-6:
            return round(size, 2)
        if size <= least:
            return None
        size = max(size * 0.95, least)
