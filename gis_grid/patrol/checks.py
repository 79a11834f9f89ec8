"""Spot checks (抽检): a question to a worker on duty, answered on the spot; where he stood and how long he took is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid import audit
from gis_grid.access.guard import caller, check_area, scoped
from gis_grid.access.models import User
from gis_grid.areas.duty import all_areas
from gis_grid.db import Base, Located, session
from gis_grid.errors import Conflict, Invalid, NotFound
from gis_grid.patrol.digest import place_codes
from gis_grid.patrol.phone import area_name, worker_id

MOST_LISTED = 200


class SpotCheck(Located, Base):
    """A question and its answer; `area_code` is where the worker should be, `answered_in` where he was."""

    __tablename__ = "spot_checks"
    __table_args__ = (Located.area_index("spot_checks"), {"comment": "抽检", "info": {"history": True}})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id"), index=True, comment="被抽检人账号")
    worker: Mapped[str] = mapped_column(sa.String(50), comment="被抽检人")
    question: Mapped[str] = mapped_column(sa.String(200), comment="问题")
    asked_by: Mapped[str] = mapped_column(sa.String(120), comment="发起人")
    asked_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="发起时间")
    answer_by: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), comment="限时")
    answer: Mapped[str | None] = mapped_column(sa.String(500), comment="回答")
    answered_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="回答时间")
    lon: Mapped[float | None] = mapped_column(sa.Double, comment="回答时经度")
    lat: Mapped[float | None] = mapped_column(sa.Double, comment="回答时纬度")
    accuracy_m: Mapped[float | None] = mapped_column(sa.REAL, comment="精度（米）")
    answered_in: Mapped[str | None] = mapped_column(sa.String(32), comment="回答时所在网格")


def state_of(check: SpotCheck, now: datetime) -> tuple[str, str]:
    """A code and the sentence for it: waiting, missed, late, elsewhere, no_place, good."""
    if check.answered_at is None:
        return ("waiting", "等待回答") if now <= check.answer_by else ("missed", "超时未回答")
    minutes = (check.answered_at - check.asked_at).total_seconds() / 60
    if check.answered_at > check.answer_by:
        return "late", f"超时回答（用时 {minutes:.0f} 分钟）"
    if check.lon is None:
        return "no_place", "已回答，没有定位"
    if check.area_code and not (check.answered_in or "").startswith(check.area_code):
        return "elsewhere", f"已回答，但人在{area_name(check.answered_in) or '网格之外'}"
    return "good", f"在岗回答（用时 {minutes:.0f} 分钟）"


def ask(values: Mapping[str, Any]) -> SpotCheck:
    """values: area_code, user_id, question, minutes. The worker must have that area in his scope, the caller too."""
    code = values["area_code"]
    check_area(code)
    if code not in all_areas():
        raise NotFound(f"没有编码为 {code} 的区域。")
    user = session().get(User, values["user_id"])
    if user is None or user.retired_at or not any(scope.startswith(code) or code.startswith(scope) for scope in user.scopes):
        raise Invalid("这个账号不在该区域工作，请重新选择。", code="unknown_user")
    check = SpotCheck(
        user_id=user.id,
        worker=user.name,
        question=values["question"],
        asked_by=caller().name,
        answer_by=datetime.now(UTC) + timedelta(minutes=values["minutes"]),
        area_code=code,
        placed_by="manual",
    )
    session().add(check)
    session().flush()
    audit.record("ask", "spot_checks", check.id, after={"worker": user.name, "question": check.question}, area_code=code)
    return check


def answer(check_id: int, values: Mapping[str, Any]) -> SpotCheck:
    """The asked worker's own answer, once; sent again it is answered the same. `at` is when he answered on his phone."""
    query = sa.select(SpotCheck).where(SpotCheck.id == check_id, SpotCheck.user_id == worker_id())
    check = session().scalar(query.with_for_update())
    if check is None:
        raise NotFound("没有这条抽检，或它不是发给您的。")
    if check.answered_at is not None:
        if check.answer != values["answer"]:
            raise Conflict("这条抽检已经回答过了。", code="answered")
        return check
    now = datetime.now(UTC)
    at = values.get("at") or now
    check.answered_at = min(max(at, check.asked_at), now)
    check.answer = values["answer"]
    check.lon, check.lat, check.accuracy_m = values.get("lon"), values.get("lat"), values.get("accuracy_m")
    if check.lon is not None and check.lat is not None:
        check.answered_in = place_codes(np.array([check.lon]), np.array([check.lat]))[0]
    session().flush()
    what = {"late": check.answered_at > check.answer_by, "answered_in": check.answered_in}
    audit.record("answer", "spot_checks", check.id, after=what, area_code=check.area_code)
    return check


def open_checks() -> list[dict[str, Any]]:
    """What the caller is asked and has not answered, the most urgent first; those of the last day that he missed, too."""
    since = datetime.now(UTC) - timedelta(days=1)
    mine = SpotCheck.user_id == worker_id(), SpotCheck.answered_at.is_(None), SpotCheck.asked_at > since
    return [told(check) for check in session().scalars(sa.select(SpotCheck).where(*mine).order_by(SpotCheck.answer_by))]


def list_checks(prefix: str) -> list[dict[str, Any]]:
    """The last checks within the caller's scope, the newest first."""
    query = scoped(sa.select(SpotCheck), SpotCheck)
    if prefix:
        query = query.where(SpotCheck.area_code.startswith(prefix, autoescape=True))
    return [told(check) for check in session().scalars(query.order_by(SpotCheck.id.desc()).limit(MOST_LISTED))]


def told(check: SpotCheck) -> dict[str, Any]:
    """A check as it is shown, with its state in words."""
    state, words = state_of(check, datetime.now(UTC))
    names = ("id", "user_id", "worker", "question", "asked_by", "asked_at", "answer_by", "answer", "answered_at", "lon", "lat")
    return {
        **{name: getattr(check, name) for name in names},
        "area_code": check.area_code,
        "area_name": area_name(check.area_code),
        "state": state,
        "words": words,
    }
