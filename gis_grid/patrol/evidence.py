"""A visit and what proves it: the piece of track that reached the door, how long it stayed, photos, and the form itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid import audit
from gis_grid.access.guard import caller, scoped
from gis_grid.buildings.models import Building, Room, Unit
from gis_grid.db import Base, session
from gis_grid.errors import NotFound
from gis_grid.patrol.fixes import LEFT_OUT, Fixes
from gis_grid.patrol.models import Device
from gis_grid.patrol.phone import worker_id
from gis_grid.patrol.reports import Files, one_at_a_time
from gis_grid.patrol.rules import degree_metres
from gis_grid.patrol.store import read_fixes, zone
from gis_grid.photos.actions import attach_photo
from gis_grid.premises import Premises
from gis_grid.visits.actions import record_visit
from gis_grid.visits.models import Visit

NEAR_M = 40.0  # of the entrance; indoors phones are no better
BEFORE = timedelta(minutes=30)  # the piece of track looked at ends with the visit and begins so much earlier
PAUSE_SECONDS = 180.0  # fixes farther apart do not prove that somebody stayed in between


class VisitEvidence(Base):
    """What was known of a visit sent from a phone. `client_id` is the phone's name for it: sent again, it is the same visit."""

    __tablename__ = "visit_evidence"
    __table_args__ = (sa.UniqueConstraint("user_id", "client_id"), {"comment": "走访佐证"})

    visit_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("visits.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id"), comment="走访人账号")
    client_id: Mapped[str] = mapped_column(sa.String(40), comment="手机端编号")
    first_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="到达")
    last_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="离开")
    fixes: Mapped[int] = mapped_column(sa.Integer, server_default="0", comment="附近定位点数")
    dwell_seconds: Mapped[int] = mapped_column(sa.Integer, server_default="0", comment="停留（秒）")
    nearest_m: Mapped[float | None] = mapped_column(sa.Float, comment="最近距离（米）")
    photo_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), server_default="{}", comment="照片")


@dataclass(frozen=True)
class Proof:
    """Of a track near a door: epoch seconds from, to; seconds it is known to have stayed; nearest metres. All 0 or None: none."""

    first: float | None = None
    last: float | None = None
    fixes: int = 0
    dwell_seconds: int = 0
    nearest_m: float | None = None


def proof_of(fixes: Fixes, lon: float, lat: float, near_m: float = NEAR_M) -> Proof:
    """What these fixes, in order of time, prove of a stay near a place; coarse and impossible ones prove nothing."""
    good = fixes.take((fixes.flags & np.int32(LEFT_OUT)) == 0)
    if not len(good):
        return Proof()
    per_lon, per_lat = (float(each[0]) for each in degree_metres(np.array([lat])))
    metres = np.hypot((good.lon - lon) * per_lon, (good.lat - lat) * per_lat)
    near = metres <= near_m
    nearest = round(float(metres.min()), 1)
    if not near.any():
        return Proof(nearest_m=nearest)
    steps = np.diff(good.at)
    stayed = steps[near[:-1] & near[1:] & (steps <= PAUSE_SECONDS)].sum() if len(good) > 1 else 0.0
    at = good.at[near]
    return Proof(float(at[0]), float(at[-1]), int(near.sum()), round(float(stayed)), nearest)


def record_evidence(values: Mapping[str, Any], photos: Files) -> dict[str, Any]:
    """values: client_id and what a visit is made of. Keeps the visit (a confirming one makes the room verified), the photos and
    what the worker's own fixes prove of it; sent again, the same visit is answered."""
    one_at_a_time(f"visit:{worker_id()}:{values['client_id']}")
    mine = VisitEvidence.user_id == worker_id(), VisitEvidence.client_id == values["client_id"]
    kept = session().scalar(sa.select(VisitEvidence).where(*mine))
    repeated = kept is not None
    if kept is None:
        visit = record_visit({name: value for name, value in values.items() if name != "client_id"})
        kept = VisitEvidence(visit_id=visit.id, user_id=worker_id(), client_id=values["client_id"], photo_ids=[])
        session().add(kept)
    visit = session().get_one(Visit, kept.visit_id)
    _attach(kept, visit, photos)
    _prove(kept, visit)
    session().flush()
    return {**told(kept, visit), "repeated": repeated}


def evidence_of(visit_id: int) -> dict[str, Any]:
    """What proves a visit within the caller's scope; fixes that came later than the form are looked at, too."""
    visit = session().scalar(scoped(sa.select(Visit), Visit).where(Visit.id == visit_id))
    kept = session().get(VisitEvidence, visit_id) if visit else None
    if visit is None:
        raise NotFound(f"没有编号为 {visit_id} 的走访，或它不在您的数据范围内。")
    if kept is None:
        return {"visit_id": visit.id, "photo_ids": [], "words": ["由电脑登记，没有手机佐证"], "complete": False}
    _prove(kept, visit)
    session().flush()
    return {**told(kept, visit), **_seen(kept, visit)}


def _seen(kept: VisitEvidence, visit: Visit) -> dict[str, Any]:
    """The entrance and the piece of track that leads there, for who may see tracks (or walked it); looking is audited."""
    door = _door(visit)
    if not caller().may("tracks.read") and caller().user_id != kept.user_id:
        return {"door": door, "piece": None}
    audit.record("view", "visit_evidence", visit.id, area_code=visit.area_code)
    piece = _best_piece(kept, visit, door)[1] if door else None
    if piece is None or not len(piece):
        return {"door": door, "piece": None}
    return {"door": door, "piece": {name: getattr(piece, name).tolist() for name in ("at", "lon", "lat")}}


def told(kept: VisitEvidence, visit: Visit) -> dict[str, Any]:
    """The bundle as it is shown: values, and in words what is there and what is missing."""
    words = [track_words(kept), f"照片 {len(kept.photo_ids)} 张" if kept.photo_ids else "没有照片"]
    if visit.note:
        words.append("有情况说明")
    names = ("visit_id", "first_at", "last_at", "fixes", "dwell_seconds", "nearest_m", "photo_ids")
    complete = kept.fixes > 0 and bool(kept.photo_ids)
    return {**{name: getattr(kept, name) for name in names}, "words": words, "complete": complete}


def track_words(kept: VisitEvidence) -> str:
    """到场 6 分钟（09:12—09:18），距入口最近 8 米"""
    if kept.nearest_m is None:
        return "没有轨迹"
    if not kept.fixes or kept.first_at is None or kept.last_at is None:
        return f"轨迹未到门口，最近 {kept.nearest_m:.0f} 米"
    first, last = (moment.astimezone(zone()) for moment in (kept.first_at, kept.last_at))
    stayed = f"{kept.dwell_seconds / 60:.0f} 分钟" if kept.dwell_seconds >= 60 else f"{kept.dwell_seconds} 秒"
    return f"到场 {stayed}（{first:%H:%M}—{last:%H:%M}），距入口最近 {kept.nearest_m:.0f} 米"


def _attach(kept: VisitEvidence, visit: Visit, photos: Files) -> None:
    kind, owner = _place(visit)
    added = [attach_photo(kind, owner, data, name).id for name, data in photos]
    kept.photo_ids = sorted({*kept.photo_ids, *added})


def _place(visit: Visit) -> tuple[str, Any]:
    if visit.room_id is not None:
        return "rooms", session().get_one(Room, visit.room_id)
    return "premises", session().get_one(Premises, visit.premises_id)


def _prove(kept: VisitEvidence, visit: Visit) -> None:
    """Fill in what the worker's devices prove; kept as it is where his fixes are gone already."""
    door = _door(visit)
    if door is None:
        return
    best, _ = _best_piece(kept, visit, door)
    if best.nearest_m is None or best.fixes < kept.fixes:
        return
    moments = (None if at is None else datetime.fromtimestamp(at, UTC) for at in (best.first, best.last))
    kept.first_at, kept.last_at = moments
    kept.fixes, kept.dwell_seconds, kept.nearest_m = best.fixes, best.dwell_seconds, best.nearest_m


def _best_piece(kept: VisitEvidence, visit: Visit, door: tuple[float, float]) -> tuple[Proof, Fixes | None]:
    """Of the worker's devices the one that proves most, and its good fixes until shortly after the visit."""
    best, piece = Proof(), None
    for device_id in session().scalars(sa.select(Device.id).where(Device.user_id == kept.user_id)):
        fixes, _ = read_fixes(device_id, visit.at - BEFORE, visit.at + timedelta(minutes=2))
        found = proof_of(fixes, *door)
        if _rank(found) > _rank(best):
            best, piece = found, fixes.take(fixes.good)
    return best, piece


def _rank(proof: Proof) -> tuple[int, float]:
    """The more fixes at the door the better; without any, the nearer."""
    return proof.fixes, float("-inf") if proof.nearest_m is None else -proof.nearest_m


def _door(visit: Visit) -> tuple[float, float] | None:
    """Longitude and latitude of the entrance: the unit's, else the building's; a shop's own point first."""
    if visit.room_id is not None:
        point = sa.func.coalesce(Unit.point, Building.point)
        query = sa.select(sa.func.ST_X(point), sa.func.ST_Y(point)).select_from(Room)
        query = query.join(Building, Building.id == Room.building_id).outerjoin(Unit, Unit.id == Room.unit_id)
        row = session().execute(query.where(Room.id == visit.room_id)).first()
    else:
        point = sa.func.coalesce(Premises.point, Building.point)
        query = sa.select(sa.func.ST_X(point), sa.func.ST_Y(point)).select_from(Premises)
        query = query.outerjoin(Building, Building.id == Premises.building_id)
        row = session().execute(query.where(Premises.id == visit.premises_id)).first()
    return (float(row[0]), float(row[1])) if row is not None and row[0] is not None else None
