"""The reprint list: which hung boards say what is no longer true, and what changed since they were printed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import scope_clause
from gis_grid.areas.duty import all_areas
from gis_grid.db import session
from gis_grid.geo import shapes
from gis_grid.notices.content import read_contents
from gis_grid.notices.models import BoardPrint
from gis_grid.notices.said import Content

_LABELS = {
    "name": "网格名称", "above": "上级名称", "extent": "管辖范围", "services": "服务事项", "supervision_phone": "监督电话",
    "publisher": "制图单位", "heading": "牌面标题", "url": "扫码网址", "report_link": "上报网址", "review_number": "审图号",
    "counts": "户数人数", "ground": "边界或楼栋", "logo": "标志", "people": "人员",
}  # fmt: skip


def stale_prints(prefix: str) -> list[dict[str, Any]]:
    """The latest print of each board (area, template, place) below an area whose content has changed since, and what changed."""
    rows = session().scalars(
        sa.select(BoardPrint)
        .where(
            BoardPrint.area_code.startswith(prefix, autoescape=True),
            BoardPrint.retired_at.is_(None),
            scope_clause(BoardPrint.area_code),
        )
        .order_by(BoardPrint.id)
    )
    latest = {(row.area_code, row.template, row.orientation, row.place): row for row in rows}
    contents = read_contents(list({row.area_code for row in latest.values()}))
    found = []
    for row in latest.values():
        changed = ["区域已注销"] if _is_gone(row.area_code) else _changes(row.content, contents[row.area_code])
        if changed:
            found.append(_stale(row, changed))
    return found


def _is_gone(code: str) -> bool:
    node = all_areas().get(code)
    return node is None or node.retired


def _changes(was: dict[str, Any], content: Content) -> list[str]:
    now = content.said(was.get("posts", ()))
    changed = [label for name, label in _LABELS.items() if name != "people" and was.get(name) != now.get(name)]
    return [*_people_changes(was.get("people", []), now["people"]), *changed]


def _people_changes(was: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[str]:
    """Who came, who left, whose phone, duty or photo changed."""
    before, after = ({(one["post"], one["name"]): one for one in people} for people in (was, now))
    left = [f"{one['post_name']}{one['name']}离任" for key, one in before.items() if key not in after]
    came = [f"{one['post_name']}{one['name']}到任" for key, one in after.items() if key not in before]
    labels = {"phone": "电话", "duty": "职责", "photo": "照片"}
    other = [
        f"{one['post_name']}{one['name']}的{labels[name]}"
        for key, one in after.items()
        for name in labels
        if key in before and before[key].get(name) != one[name]
    ]
    return [*left, *came, *other]


def _stale(row: BoardPrint, changed: list[str]) -> dict[str, Any]:
    point = shapes.from_stored(row.point)
    node = all_areas().get(row.area_code)
    return {
        "print_id": row.id,
        "area_code": row.area_code,
        "area_name": node.link["name"] if node else row.area_code,
        "template": row.template,
        "orientation": row.orientation,
        "made_by": row.made_by,
        "made_at": row.created_at.isoformat(),
        "place": row.place,
        "lon": point.x if point is not None else None,
        "lat": point.y if point is not None else None,
        "changed": changed,
    }
