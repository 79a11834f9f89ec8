"""The reprint list: which hung boards say what is no longer true, and what changed since they were printed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import acting, scope_clause
from gis_grid.access.rules import COMMAND
from gis_grid.areas.duty import all_areas
from gis_grid.db import session, transaction
from gis_grid.errors import GridError
from gis_grid.geo import shapes
from gis_grid.jobs.actions import now_and_then
from gis_grid.notices.actions import own_templates
from gis_grid.notices.around import digests_around
from gis_grid.notices.content import read_contents
from gis_grid.notices.models import BoardPicture, BoardPrint
from gis_grid.notices.render import look_of
from gis_grid.notices.said import Content
from gis_grid.notices.templates import template_of

MARKED_EVERY_S = 600.0
_marked_at = -math.inf
_LABELS = {
    "name": "网格名称", "above": "上级名称", "extent": "管辖范围", "services": "服务事项", "supervision_phone": "监督电话",
    "publisher": "制图单位", "heading": "牌面标题", "url": "扫码网址", "report_link": "上报网址", "review_number": "审图号",
    "counts": "户数人数", "ground": "边界、楼栋或重点部位", "logo": "标志", "people": "人员",
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
    every = list(rows)
    latest = {(row.area_code, row.template, row.orientation, row.place): row for row in every}
    contents = read_contents(list({row.area_code for row in latest.values()}))
    around = digests_around(
        {row.id: (row.area_code, row.content["window"]) for row in latest.values() if row.content.get("window")}
    )
    found = {}
    for row in latest.values():
        if _is_gone(row.area_code):
            changed = ["区域已注销"]
        else:
            content = contents[row.area_code]
            changed = [*_changes(row.content, content), *_around(row, around.get(row.id)), *_look(row, content)]
        if changed:
            found[row.id] = _stale(row, changed)
    _mark(every, {key: "、".join(one["changed"]) for key, one in found.items()})
    return list(found.values())


def photographed(prefix: str) -> list[int]:
    """The prints in use below an area that have a photo of where they hang."""
    query = sa.select(BoardPrint.id).where(
        BoardPrint.area_code.startswith(prefix, autoescape=True),
        BoardPrint.retired_at.is_(None),
        scope_clause(BoardPrint.area_code),
        sa.exists().where(BoardPicture.kind == "hung", BoardPicture.key == sa.cast(BoardPrint.id, sa.Text)),
    )
    return list(session().scalars(query.order_by(BoardPrint.id)))


def _is_gone(code: str) -> bool:
    node = all_areas().get(code)
    return node is None or node.retired


def _changes(was: dict[str, Any], content: Content) -> list[str]:
    now = content.said(was.get("posts", ()))
    changed = [label for name, label in _LABELS.items() if name != "people" and was.get(name) != now.get(name)]
    return [*_people_changes(was.get("people", []), now["people"]), *changed]


def _around(row: BoardPrint, now: str | None) -> list[str]:
    """Prints of the first days kept no window: nothing is known of what lay around them."""
    return ["周边道路、水系、绿地或邻格"] if row.content.get("around") not in (None, now) else []


def _look(row: BoardPrint, content: Content) -> list[str]:
    """The template was changed, or is there no longer; a theme named at the print stays, the office's may have changed."""
    if "look" not in row.content:
        return []
    try:
        made = template_of(row.template, row.orientation, own_templates(row.area_code))
    except GridError:
        return ["模板已停用"]
    theme = row.content["theme"] or content.decided.get("theme")
    return ["模板或配色"] if look_of(made, theme) != row.content["look"] else []


def _mark(rows: Iterable[BoardPrint], stale: Mapping[int, str]) -> None:
    """What the map shows of them: written past the rows' versions, for nobody edited them."""
    for row in rows:
        if row.stale != stale.get(row.id):
            changed = sa.update(BoardPrint.__table__).where(BoardPrint.id == row.id).values(stale=stale.get(row.id))  # type: ignore[arg-type]
            session().execute(changed.values(updated_at=row.updated_at))


@now_and_then
def mark_all() -> None:
    """Every ten minutes: which boards on the map are out of date."""
    global _marked_at  # noqa: PLW0603  when this process did it last
    if time.monotonic() - _marked_at < MARKED_EVERY_S:
        return
    _marked_at = time.monotonic()
    with transaction(), acting(COMMAND):
        stale_prints("")


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
        "version": row.version,
        "template": row.template,
        "orientation": row.orientation,
        "theme": row.content.get("theme"),
        "made_by": row.made_by,
        "made_at": row.created_at.isoformat(),
        "place": row.place,
        "hung_at": row.hung_at.isoformat() if row.hung_at else None,
        "lon": point.x if point is not None else None,
        "lat": point.y if point is not None else None,
        "changed": changed,
    }
