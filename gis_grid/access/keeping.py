"""Keep users and roles: change, retire, restore; somebody always remains who can manage them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gis_grid.access.actions import (
    check_rights,
    check_roles,
    check_scopes,
    end_sessions,
    happened,
    hasher,
    is_within,
    one_time_password,
    rights_of,
)
from gis_grid.access.guard import caller
from gis_grid.access.models import Role, SignIn, User
from gis_grid.access.rules import RIGHTS, ROLES, unknown_rights
from gis_grid.db import session
from gis_grid.errors import Changed, Conflict, Forbidden, Invalid, NotFound

_WHOLE = "只有管理全部区域的管理员才能修改角色。"


def list_users() -> list[dict[str, Any]]:
    """Users whose whole scope lies within the caller's, with when they last used the service."""
    seen = dict(session().execute(sa.select(SignIn.user_id, sa.func.max(SignIn.seen_at)).group_by(SignIn.user_id)).tuples().all())
    users = session().scalars(sa.select(User).order_by(User.retired_at.is_not(None), User.username))
    return [_told(user, seen.get(user.id)) for user in users if is_within(user.scopes)]


def _told(user: User, seen_at: datetime | None) -> dict[str, Any]:
    names = ("username", "name", "roles", "scopes", "must_change_password", "locked_until", "retired_at", "demo", "expires_on")
    shown = {name: getattr(user, name) for name in (*names, "created_at", "version")}
    return shown | {"second_factor": user.second_factor_at is not None, "seen_at": seen_at}


def find_user(username: str, *, retired: bool = False) -> User:
    """A user within the caller's area."""
    user = session().scalar(sa.select(User).where(User.username == username))
    if user is None or (user.retired_at is not None) != retired or not is_within(user.scopes):
        raise NotFound(f"没有账号“{username[:50]}”，或不在您的数据范围内。")
    return user


def change_user(username: str, version: int, values: dict[str, Any]) -> dict[str, Any]:
    """Another name, other roles, areas or last day. Nobody gives more than he has, nor changes his own roles and areas."""
    user = find_user(username)
    if user.version != version:
        raise Changed("这个账号刚被别人修改过，请刷新后再改。", version=user.version)
    values = {name: value for name, value in values.items() if getattr(user, name) != value}
    if user.id == caller().user_id and set(values) - {"name"}:
        raise Conflict("不能修改自己的角色、数据范围和有效期，请由另一位管理员修改。", code="own_account")
    check_roles(values.get("roles", []))
    check_scopes(values.get("scopes", []))
    check_rights(set(rights_of(values.get("roles", []))) | set(rights_of(user.roles)))
    before = {name: _plain(getattr(user, name)) for name in values}
    with _a_manager_remains():
        for name, value in values.items():
            setattr(user, name, value)
        session().flush()
    happened.send("access", what="change_user", key=username, before=before, detail={k: _plain(v) for k, v in values.items()})
    return _told(user, None)


def reset_password(username: str) -> str:
    """A new one-time password; ends all sessions and any lock of the user."""
    user = find_user(username)
    check_rights(set(rights_of(user.roles)))
    once = one_time_password()
    user.password_hash, user.must_change_password = hasher().hash(once), True
    user.failures, user.locked_until = 0, None
    end_sessions(user.id)
    happened.send("access", what="reset_password", key=username, detail={})
    return once


def unlock_user(username: str) -> None:
    """End the lock after too many wrong passwords before its time; the password stays."""
    user = find_user(username)
    check_rights(set(rights_of(user.roles)))
    user.failures, user.locked_until = 0, None
    happened.send("access", what="unlock_user", key=username, detail={})


def retire_user(username: str) -> None:
    """A user who may not sign in again; all sessions end."""
    user = find_user(username)
    if user.id == caller().user_id:
        raise Conflict("不能停用自己的账号。", code="own_account")
    with _a_manager_remains():
        user.retired_at = datetime.now(UTC)
        session().flush()
    end_sessions(user.id)
    happened.send("access", what="retire_user", key=username, detail={})


def restore_user(username: str) -> None:
    """A retired user may sign in again with the old password."""
    user = find_user(username, retired=True)
    check_rights(set(rights_of(user.roles)))
    user.retired_at = None
    happened.send("access", what="restore_user", key=username, detail={})


def keep_roles() -> None:
    """The roles that come with the product; a deployment's own changes to them stay."""
    known = set(session().scalars(sa.select(Role.code)))
    session().add_all(Role(code=code, name=name, rights=rights) for code, (name, rights) in ROLES.items() if code not in known)
    session().flush()


def list_roles() -> list[dict[str, Any]]:
    """All roles with their rights and how many active users have them."""
    users = sa.select(sa.func.unnest(User.roles).label("role")).where(User.retired_at.is_(None)).subquery()
    counts = dict(session().execute(sa.select(users.c.role, sa.func.count()).group_by(users.c.role)).tuples().all())
    roles = session().scalars(sa.select(Role).where(Role.retired_at.is_(None)).order_by(Role.created_at, Role.code))
    return [_told_role(role, counts.get(role.code, 0)) for role in roles]


def _told_role(role: Role, users: int = 0) -> dict[str, Any]:
    known = [right for right in RIGHTS if right in role.rights]
    return {
        "code": role.code,
        "name": role.name,
        "rights": known,
        "users": users,
        "product": role.code in ROLES,
        "version": role.version,
    }


def create_role(code: str, name: str, rights: list[str]) -> dict[str, Any]:
    """A role of this office's own."""
    _check_whole(rights)
    role = session().get(Role, code)
    if role is not None and role.retired_at is None:
        raise Conflict(f"角色编码“{code}”已存在，请换一个。", code="role_taken")
    if role is None:
        role = Role(code=code, name=name, rights=rights)
        session().add(role)
    role.name, role.rights, role.retired_at = name, rights, None
    session().flush()
    happened.send("access", what="create_role", key=code, detail={"name": name, "rights": rights})
    return _told_role(role)


def change_role(code: str, version: int, values: dict[str, Any]) -> dict[str, Any]:
    """Another name or other rights, at once for everybody who has the role."""
    role = _find_role(code)
    if role.version != version:
        raise Changed("这个角色刚被别人修改过，请刷新后再改。", version=role.version)
    _check_whole([*values.get("rights", []), *role.rights])
    before = {name: getattr(role, name) for name in values}
    with _a_manager_remains():
        for name, value in values.items():
            setattr(role, name, value)
        session().flush()
    happened.send("access", what="change_role", key=code, before=before, detail=values)
    return _told_role(role)


def retire_role(code: str) -> None:
    """A role nobody has any more."""
    role = _find_role(code)
    _check_whole(role.rights)
    holders = (
        session()
        .scalars(sa.select(User.username).where(sa.literal(code) == sa.any_(User.roles), User.retired_at.is_(None)).limit(5))
        .all()
    )
    if holders:
        raise Conflict(f"还有用户使用这个角色（{'、'.join(holders)}），请先为他们换一个角色。", code="role_in_use")
    if code in ROLES:
        raise Conflict("这是系统自带的角色，不能删除；可以修改它的权限。", code="product_role")
    role.retired_at = datetime.now(UTC)
    happened.send("access", what="retire_role", key=code, detail={})


def _find_role(code: str) -> Role:
    role = session().get(Role, code)
    if role is None or role.retired_at is not None:
        raise NotFound(f"没有角色“{code[:32]}”。")
    return role


def _check_whole(rights: Sequence[str]) -> None:
    """Roles hold for everybody, so only who manages the whole changes them, and only to rights that exist."""
    unknown = unknown_rights(list(rights))
    if unknown:
        raise Invalid(f"没有这些权限：{'、'.join(unknown)}。", code="unknown_right")
    if not caller().covers(None):
        raise Forbidden(_WHOLE, code="other_area")


@contextmanager
def _a_manager_remains() -> Iterator[None]:
    """Refuse what would leave nobody who can manage the users of the whole."""
    before = _managers()
    yield
    if before and not _managers():
        raise Conflict("这样就没有人能管理用户了：至少保留一个拥有“管理用户与令牌”权限、范围为全部的账号。", code="last_manager")


def _managers() -> int:
    may_manage = sa.literal("users.manage") == sa.any_(Role.rights)
    roles = sa.select(sa.func.array_agg(Role.code)).where(Role.retired_at.is_(None), may_manage).scalar_subquery()
    everywhere = sa.literal("") == sa.any_(User.scopes)
    has_role = User.roles.overlap(sa.func.coalesce(roles, sa.text("'{}'")))
    query = sa.select(sa.func.count()).where(User.retired_at.is_(None), everywhere, has_role)
    return session().scalar(query) or 0


def _plain(value: Any) -> Any:
    return value if isinstance(value, list | str | None) else str(value)
