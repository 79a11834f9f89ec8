"""The public page behind a board's QR code: only what the board shows, no sign-in, rate-limited, cacheable, phone first."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import replace
from functools import cache
from typing import Any

from gis_grid.areas.duty import all_areas
from gis_grid.areas.placing import today
from gis_grid.errors import GridError, NotFound, TooMany
from gis_grid.notices.actions import posts_on_boards, with_ground
from gis_grid.notices.content import read_contents
from gis_grid.notices.plan import draw_plan
from gis_grid.notices.render import Job, data_url
from gis_grid.notices.said import Content, hash_of
from gis_grid.notices.style import Letters, Paper
from gis_grid.notices.templates import FOLDER, template_of, themes

PER_MINUTE, MOST_CALLERS, KEPT_PAGES = 60, 10_000, 300
SECONDS_CACHED = 600
_PAPER = Paper(96, 96, Letters(building=2.5, street=2.7, area=3.1, note=2.6, least=2.1))


class Limiter:
    """So many calls a minute from one address, per process; the oldest addresses are forgotten first."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, now: float) -> None:
        """Count one call. TooMany when there were too many."""
        with self._lock:
            left, since = self._left.pop(who, (float(self.per_minute), now))
            left = min(self.per_minute, left + (now - since) * self.per_minute / 60)
            self._left[who] = (left - 1 if left >= 1 else left, now)
            while len(self._left) > MOST_CALLERS:
                self._left.popitem(last=False)
        if left < 1:
            raise TooMany("访问过于频繁，请稍后再试。", code="rate_limited")


limiter = Limiter(PER_MINUTE)
_kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
_keeping = threading.Lock()


def public_page(code: str, who: str) -> tuple[bytes, str]:
    """The page of one grid and its ETag. Not found where no board hangs, or the office closed its pages."""
    limiter.take(who, time.monotonic())
    node = all_areas().get(code)
    posts = posts_on_boards(code) if node is not None and not node.retired else None
    content = read_contents([code])[code] if posts else None
    if posts is None or content is None or content.decided.get("public_page") is False:
        raise NotFound("没有这个网格的公开页面。")
    said = content.said(posts)
    key = (code, hash_of(said))
    with _keeping:
        found = _kept.get(key)
    if found is None:
        found = _drawn(content, said)
        with _keeping:
            _kept[key] = found
            while len(_kept) > KEPT_PAGES:
                _kept.popitem(last=False)
    return found, hashlib.sha256(found).hexdigest()[:32]


def _drawn(content: Content, said: dict[str, Any]) -> bytes:
    from gis_grid.notices.actions import Wish

    template = replace(template_of("a4", "portrait", {}), posts=tuple(said["posts"]))
    job = with_ground(Job(content, None, template, {}, today()), Wish())
    plan = draw_plan(replace(job.ground, name=content.name), _PAPER).svg if job.ground else ""
    told = {
        "said": said,
        "people": said["people"],
        "plan": plan.replace('width="96mm" height="96mm" ', 'width="100%" ', 1),
        "photos": {digest: data_url(picture) for digest, picture in job.pictures.items()},
        "theme": themes()[content.decided.get("theme") or "blue"],
        "day": today(),
    }
    made: str = _template("page.html").render(**told)
    return made.encode()


def refusal_page(refused: GridError) -> str:
    """The sentence of a refusal as a page, for who scanned a code with a phone."""
    made: str = _template("page_refused.html").render(refused=refused)
    return made


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined)
    return made.from_string((FOLDER / name).read_text(encoding="utf-8"))
