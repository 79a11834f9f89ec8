"""Messages to the workers of an area: a list with unread count in the console and on the phone, and a signed webhook if set."""

from __future__ import annotations

import hashlib
import hmac
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid import audit
from gis_grid.access.guard import caller, check_area, scope_clause
from gis_grid.access.models import User
from gis_grid.areas.duty import all_areas
from gis_grid.config import secret, settings
from gis_grid.db import Base, Located, session, transaction
from gis_grid.errors import NotFound
from gis_grid.jobs.actions import now_and_then
from gis_grid.logs import logger
from gis_grid.patrol.phone import area_name, worker_id

MOST_LISTED = 100
MOST_TRIES = 12
WEBHOOK_SECONDS = 10


class Message(Located, Base):
    """A message to all who work in an area and below. `tries` and `next_try_at` are the webhook's; none: nothing to send."""

    __tablename__ = "group_messages"
    __table_args__ = (
        Located.area_index("group_messages"),
        sa.Index("ix_group_messages_next_try_at", "next_try_at", postgresql_where=sa.text("next_try_at IS NOT NULL")),
        {"comment": "群发消息", "info": {"history": True}},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(500), comment="内容")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="发送人")
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="发送时间")
    tries: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0", comment="推送次数")
    next_try_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="下次推送")
    pushed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="已推送")


class MessageRead(Base):
    """Who has read a message."""

    __tablename__ = "group_message_reads"

    message_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("group_messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="阅读时间")


def send(area_code: str, text: str) -> dict[str, Any]:
    """A message to the workers of an area within the caller's own; answers how many accounts it reaches."""
    check_area(area_code)
    if area_code not in all_areas():
        raise NotFound(f"没有编码为 {area_code} 的区域。")
    now = datetime.now(UTC)
    due = now if settings().message_webhook else None
    message = Message(text=text, made_by=caller().name, area_code=area_code, placed_by="manual", next_try_at=due)
    session().add(message)
    session().flush()
    audit.record("send", "group_messages", message.id, after={"text": text}, area_code=area_code)
    return {"id": message.id, "reaches": len(workers_of(area_code))}


def workers_of(area_code: str) -> list[dict[str, Any]]:
    """The accounts whose area lies within this one (or is it): id, name, the area they have."""
    query = sa.select(User.id, User.name, User.scopes).where(User.retired_at.is_(None)).order_by(User.name, User.id)
    found = []
    for row in session().execute(query):
        own = [scope for scope in row.scopes if scope.startswith(area_code)]
        if own:
            found.append({"id": row.id, "name": row.name, "area_code": own[0], "area_name": area_name(own[0])})
    return found


def inbox() -> dict[str, Any]:
    """The messages to the caller's areas, the newest first, and how many of them he has not read."""
    rows = session().execute(_to_me().order_by(Message.id.desc()).limit(MOST_LISTED)).all()
    items = [{**_told(row.Message), "read": row.at is not None} for row in rows]
    return {"items": items, "unread": sum(not item["read"] for item in items)}


def mark_read(ids: list[int]) -> None:
    """The caller has read these; those that are not his are passed over."""
    mine = [row.Message.id for row in session().execute(_to_me().where(Message.id.in_(ids)))]
    if mine:
        rows = [{"message_id": one, "user_id": worker_id()} for one in mine]
        session().execute(insert(MessageRead).values(rows).on_conflict_do_nothing())


def sent(prefix: str) -> list[dict[str, Any]]:
    """Messages to areas within the caller's own, with how many have read them."""
    readers = sa.select(sa.func.count()).where(MessageRead.message_id == Message.id).scalar_subquery()
    query = sa.select(Message, readers.label("readers")).where(scope_clause(Message.area_code))
    if prefix:
        query = query.where(Message.area_code.startswith(prefix, autoescape=True))
    rows = session().execute(query.order_by(Message.id.desc()).limit(MOST_LISTED))
    told = [{**_told(row.Message), "readers": row.readers} for row in rows]
    return [{**one, "reaches": len(workers_of(one["area_code"] or "-"))} for one in told]


def _to_me() -> Any:
    """Messages to an area that holds one of the caller's."""
    prefixes = {scope[:length] for scope in caller().scopes for length in range(1, len(scope) + 1)}
    mine = sa.and_(MessageRead.message_id == Message.id, MessageRead.user_id == worker_id())
    return sa.select(Message, MessageRead.at).outerjoin(MessageRead, mine).where(Message.area_code.in_(prefixes))


def _told(message: Message) -> dict[str, Any]:
    names = ("id", "text", "made_by", "made_at", "area_code", "pushed_at", "tries")
    return {**{name: getattr(message, name) for name in names}, "area_name": area_name(message.area_code)}


def signature(body: bytes) -> str:
    """sha256=..., HMAC with this installation's `webhook` secret: the receiver computes the same and compares."""
    return "sha256=" + hmac.new(secret("webhook").encode(), body, hashlib.sha256).hexdigest()


@now_and_then
def push_due() -> None:
    """Send what is due to the webhook, one by one, each in its own transaction; what fails is tried again, ever more seldom."""
    while settings().message_webhook:
        with transaction() as own:
            query = (
                sa.select(Message).where(Message.next_try_at <= sa.func.clock_timestamp()).order_by(Message.next_try_at).limit(1)
            )
            message = own.scalar(query.with_for_update(skip_locked=True))
            if message is None:
                return
            _push(message)


def _push(message: Message) -> None:
    told = {name: value for name, value in _told(message).items() if name in ("id", "text", "made_by", "area_code", "area_name")}
    body = orjson.dumps({**told, "made_at": message.made_at.isoformat()})
    headers = {"Content-Type": "application/json", "X-Signature-256": signature(body)}
    message.tries += 1
    request = urllib.request.Request(str(settings().message_webhook), body, headers, method="POST")  # noqa: S310  a setting
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_SECONDS) as answer:  # noqa: S310
            answer.read(1024)
        message.pushed_at, message.next_try_at = datetime.now(UTC), None
    except (OSError, ValueError) as fault:  # refused, unreachable, or the address is none
        logger().warning("webhook_failed", message=message.id, tries=message.tries, fault=type(fault).__name__)
        wait = timedelta(seconds=30 * 2 ** min(message.tries, 8))
        message.next_try_at = datetime.now(UTC) + wait if message.tries < MOST_TRIES else None
