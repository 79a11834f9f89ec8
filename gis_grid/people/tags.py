"""Tags: which class a person belongs to from when to when, and how that is known. `residents.classes` holds today's codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from gis_grid import audit
from gis_grid.access.guard import caller
from gis_grid.areas.placing import today
from gis_grid.db import session, transaction
from gis_grid.errors import Conflict, Invalid, NotFound
from gis_grid.freshness import due_on
from gis_grid.jobs.actions import now_and_then
from gis_grid.people.classes import as_kept, check_class, visible_classes
from gis_grid.people.models import Resident, ResidentTag
from gis_grid.people.registers import RESIDENTS
from gis_grid.register.actions import check_version, find

_followed: dict[str, date] = {}


def list_tags(resident_id: int) -> tuple[list[ResidentTag], int]:
    """A person's tags, past and present, as far as the caller may see them; and the version they are changed with."""
    resident: Resident = find(RESIDENTS, resident_id)
    mine = visible_classes()
    return [tag for tag in resident.tags if tag.code in mine], resident.version


def add_tag(resident_id: int, version: int, values: dict[str, Any]) -> tuple[ResidentTag, int]:
    """The tag and the person's new version. values: code, since, until, source, note.

    Refused: a class not in use here, two tags of one class on the same day, a person changed since `version`.
    """
    resident = _resident(resident_id, version)
    check_class(values["code"])
    tag = ResidentTag(**{"since": today(), **values}, made_by=caller().name)
    if tag.until and tag.since and tag.until <= tag.since:
        raise Invalid("“至”须晚于“自”。", code="bad_period")
    if any(_overlap(tag, other) for other in resident.tags if other.code == tag.code):
        raise Conflict("该类别在这段时间已登记，请先结束原来的记录。", code="tag_overlaps")
    resident.tags.append(tag)
    _keep("tag", resident, None, tag)
    return tag, resident.version


def end_tag(resident_id: int, version: int, tag_id: int, until: date | None) -> tuple[ResidentTag, int]:
    """The class no longer holds from `until` on (default today)."""
    resident = _resident(resident_id, version)
    tag = next((one for one in resident.tags if one.id == tag_id and one.code in visible_classes()), None)
    if tag is None:
        raise NotFound(f"该居民没有编号为 {tag_id} 的类别记录。")
    check_class(tag.code)
    day = until or today()
    if tag.since and day < tag.since:
        raise Invalid("结束日期早于开始日期。", code="bad_period")
    was = as_kept(tag)
    tag.until = day
    _keep("untag", resident, was, tag)
    return tag, resident.version


def classes_on(tags: Iterable[ResidentTag], was: Iterable[str], day: date) -> list[str]:
    """The codes that hold on a day: those of tags that have begun and not ended, and old ones that no tag speaks of."""
    tags = list(tags)
    spoken = {tag.code for tag in tags}
    holding = [tag.code for tag in tags if (tag.since is None or tag.since <= day) and (tag.until is None or day < tag.until)]
    return list(dict.fromkeys([*(code for code in was if code not in spoken), *holding]))


@now_and_then
def follow_the_calendar() -> None:
    """Tags that begin or end by the calendar change today's classes; looked for once a day and process."""
    day = today()
    if _followed.get("day") == day:
        return
    with transaction() as own:
        ended = sa.and_(ResidentTag.until <= day, Resident.classes.any(ResidentTag.code))  # type: ignore[arg-type]
        begun = sa.and_(
            ResidentTag.since <= day,
            ResidentTag.until.is_(None) | (ResidentTag.until > day),
            sa.not_(Resident.classes.any(ResidentTag.code)),  # type: ignore[arg-type]
        )
        late = sa.select(Resident).join(ResidentTag).where(sa.or_(ended, begun), Resident.retired_at.is_(None))
        for resident in own.scalars(late).unique():
            _refresh(resident, day)
    _followed["day"] = day


def _refresh(resident: Resident, day: date) -> None:
    resident.classes = classes_on(resident.tags, resident.classes or [], day)
    resident.due_on = due_on("residents", resident.classes, resident.verified_at)
    session().flush()


def _overlap(one: ResidentTag, other: ResidentTag) -> bool:
    begins, ends = (date.min, date.max)
    return (one.since or begins) < (other.until or ends) and (other.since or begins) < (one.until or ends)


def _resident(resident_id: int, version: int) -> Resident:
    resident: Resident = find(RESIDENTS, resident_id, lock=True)
    check_version(RESIDENTS, resident, version)
    if resident.retired_at:
        raise Conflict("该居民已注销，不能修改。", code="already_retired")
    return resident


def _keep(action: str, resident: Resident, was: dict[str, Any] | None, tag: ResidentTag) -> None:
    """Write it as a new version of the person, also where today's classes stay: a class that begins tomorrow."""
    flag_modified(resident, "classes")
    _refresh(resident, today())
    before, after = {"tags": was and [was]}, {"tags": [as_kept(tag)]}
    audit.record(
        action, "residents", resident.id, before=before, after=after, area_code=resident.area_code, version=resident.version
    )
