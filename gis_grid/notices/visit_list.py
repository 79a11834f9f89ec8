"""Today's visits as pages to carry: one line per door in walking order, with boxes to tick and room to write."""

from __future__ import annotations

from functools import cache
from typing import Any

from gis_grid.access.guard import caller
from gis_grid.areas.duty import all_areas
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.notices.actions import check_code
from gis_grid.notices.render import html_to_pdf
from gis_grid.notices.templates import FOLDER
from gis_grid.visits.actions import todays_visits

_WIDTH, _HEIGHT = 210, 297


def print_visits(area_code: str, count: int) -> bytes:
    """A4 pages of the doors that `todays_visits` answers: the same, in the same order, with no more about people."""
    check_code(area_code)
    node = all_areas()[area_code]
    told = {
        "title": f"{node.link['name']}走访清单",
        "code": area_code,
        "day": today(),
        "by": caller().name,
        "visits": todays_visits(area_code, count, None),
        "publisher": settings().map_publisher,
    }
    return html_to_pdf(_page().render(**told), _WIDTH, _HEIGHT, more_css=_css())


@cache
def _page() -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined)
    return made.from_string((FOLDER / "visits.html").read_text(encoding="utf-8"))


@cache
def _css() -> str:
    return (FOLDER / "visits.css").read_text(encoding="utf-8")
