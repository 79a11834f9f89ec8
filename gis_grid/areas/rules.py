"""What must hold of areas: levels, codes that nest, boundaries; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import shapely
from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True)
class Level:
    """One storey of the division; a new level is a new row in LEVELS."""

    code: str
    name: str


LEVELS = (Level("district", "区县"), Level("street", "街道"), Level("community", "社区"), Level("grid", "网格"))
LEVEL_CODES = tuple(level.code for level in LEVELS)
LEVEL_NAMES = {level.code: level.name for level in LEVELS}
MOST_PARTS = 50  # of a change; beyond that one box around all
KINDS = {"ordinary": "普通网格", "exclusive": "专属网格"}
CODE = re.compile(r"[0-9A-Za-z_-]{1,32}")


def code_fault(code: str, level: str, lengths: Mapping[str, int]) -> str | None:
    """None for a good code, otherwise what is wrong with it. A level without a length takes any code."""
    if not CODE.fullmatch(code):
        return f"编码“{code[:40]}”只能由 1-32 位数字、字母、下划线或连字符组成"
    wanted = lengths.get(level)
    if wanted and len(code) != wanted:
        return f"{LEVEL_NAMES[level]}编码应为 {wanted} 位，“{code}”是 {len(code)} 位"
    return None


def parent_fault(code: str, level: str, parent_code: str, parent_level: str) -> str | None:
    """None when `parent` may stand above, otherwise why not."""
    if LEVEL_CODES.index(parent_level) >= LEVEL_CODES.index(level):
        return f"上级必须比{LEVEL_NAMES[level]}高，{parent_code} 是{LEVEL_NAMES[parent_level]}"
    if not code.startswith(parent_code):
        return f"编码 {code} 应以上级编码 {parent_code} 开头"
    return None


def since_fault(since: date | None, today: date, *, has_boundary: bool) -> str | None:
    """None when a boundary drawn by hand may count from that day, otherwise why not. None: from today, or since ever if first."""
    if since is not None and since > today:
        return f"边界要到 {since} 才生效，请拟调整方案：到期自动重新归属。直接填写的边界须从今天或以前算起"
    if since is not None and since < today and has_boundary:
        return "已有的边界只能从今天起更换：已发生的事按当时的边界归属"
    return None


def longest_prefix(code: str, known: Collection[str]) -> str | None:
    """The longest known code that this one begins with: its parent."""
    return next((code[:end] for end in range(len(code) - 1, 0, -1) if code[:end] in known), None)


def touched_by(before: BaseGeometry | None, after: BaseGeometry | None) -> list[tuple[float, float, float, float]]:
    """Bounds (west, south, east, north, degrees) of the parts that belong to one of two boundaries only."""
    shapes = [shapely.make_valid(shape) for shape in (before, after) if shape is not None]
    if not shapes:
        return []
    differs = shapes[0] if len(shapes) == 1 else shapely.symmetric_difference(*shapes)
    parts = [part for part in shapely.get_parts(differs) if not part.is_empty]
    return [differs.bounds] if len(parts) > MOST_PARTS else [part.bounds for part in parts]
