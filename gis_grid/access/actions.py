"""Sign in and out, keep users and tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from blinker import signal

from gis_grid.access.guard import caller
from gis_grid.access.models import Role, SignIn, Token, User
from gis_grid.access.rules import RIGHTS, ROLES, Caller, password_fault, unknown_rights
from gis_grid.config import secret, settings
from gis_grid.db import aside, session
from gis_grid.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from gis_grid.kept import Kept

happened = signal("access-happened")  # audit listens: what=, key=, caller=, detail=; access stands left of audit
_WRONG = "账号或密码不正确。"
_NOTED_SECONDS = 60


@dataclass(frozen=True)
class Session:
    """A signed-in browser: the cookie's value and what state-changing requests must carry. Values only: it is kept."""

    username: str
    must_change_password: bool
    demo: bool
    cookie: str
    csrf: str
    caller: Caller
    seen_at: datetime
    expires_at: datetime


_sessions: Kept[Session | None] = Kept("access", most=10_000)
_tokens: Kept[tuple[Caller, datetime] | None] = Kept("access", most=1_000)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def sign_in(username: str, password: str, address: str | None) -> Session:
    """A new session. Wrong passwords count, are kept although the request is refused, and lock the account for a while."""
    user = session().scalar(sa.select(User).where(User.username == username, User.retired_at.is_(None)))
    now = datetime.now(UTC)
    if user:
        _count_attempt(user)
    if not _matches(user.password_hash if user else _nobodys_hash(), password) or not user:
        _tell_failure(username if user else "未知账号", address)  # what was typed there may be a password
        raise Unauthenticated(_WRONG, code="wrong_password")
    _forget_attempts(user)
    cookie = secrets.token_urlsafe(32)
    until = now + timedelta(hours=settings().session_hours)
    session().add(SignIn(token_hash=_digest(cookie), user_id=user.id, expires_at=until, address=address))
    session().flush()
    who = _as_caller(user)
    happened.send("access", what="sign_in", key=username, caller=who, detail={"address": address})
    return _session_of(user, cookie, now, until)


def sign_out(cookie: str) -> None:
    """End the session of this cookie; nothing happens when there is none."""
    session().execute(sa.delete(SignIn).where(SignIn.token_hash == _digest(cookie)))


def find_session(cookie: str) -> Session | None:
    """The session behind a cookie, unless it is over or idle for too long. Once a minute its use is noted."""
    key = _digest(cookie)
    found = _sessions.get(key, lambda: _read_session(cookie, key))
    now = datetime.now(UTC)
    if found is not None and found.seen_at < now - timedelta(seconds=_NOTED_SECONDS):
        _sessions.forget(key)
        found = _sessions.get(key, lambda: _read_session(cookie, key))
    return found if found is not None and found.expires_at > now else None


def _read_session(cookie: str, key: bytes) -> Session | None:
    now = datetime.now(UTC)
    idle_since = now - timedelta(minutes=settings().session_idle_minutes)
    row = (
        session()
        .execute(
            sa.select(SignIn, User)
            .join(User, User.id == SignIn.user_id)
            .where(
                SignIn.token_hash == key,
                SignIn.expires_at > now,
                SignIn.seen_at > idle_since,
                User.retired_at.is_(None),
            )
        )
        .first()
    )
    if not row:
        return None
    if row.SignIn.seen_at < now - timedelta(seconds=_NOTED_SECONDS):
        row.SignIn.seen_at = now
    return _session_of(row.User, cookie, row.SignIn.seen_at, row.SignIn.expires_at)


def _session_of(user: User, cookie: str, seen_at: datetime, expires_at: datetime) -> Session:
    who = _as_caller(user)
    return Session(user.username, user.must_change_password, user.demo, cookie, csrf_token(cookie), who, seen_at, expires_at)


def find_token(bearer: str) -> Caller | None:
    """The caller behind a bearer token, unless expired or retired."""
    key = _digest(bearer)
    found = _tokens.get(key, lambda: _read_token(key))
    return found[0] if found is not None and found[1] > datetime.now(UTC) else None


def _read_token(key: bytes) -> tuple[Caller, datetime] | None:
    token = session().scalar(sa.select(Token).where(Token.token_hash == key, Token.retired_at.is_(None)))
    if token is None:
        return None
    who = Caller(f"令牌 {token.id}：{token.name}", frozenset(token.rights), tuple(token.scopes), kind="token")
    return who, token.expires_at


def csrf_token(cookie: str) -> str:
    """What a page of ours can know and a foreign page cannot."""
    return hmac.new(secret("csrf").encode(), cookie.encode(), hashlib.sha256).hexdigest()


def create_user(
    username: str, name: str, roles: list[str], scopes: list[str], *, password: str | None = None, demo: bool = False
) -> str:
    """A new user; answers the one-time password, which must be changed at the first sign-in.

    Nobody gives an area beyond his own; roles with more rights than his own only who manages users of the whole.
    """
    if session().scalar(sa.select(User.id).where(User.username == username)):
        raise Conflict(f"账号“{username}”已存在，请换一个。", code="username_taken")
    _check_roles(roles)
    _check_scopes(scopes)
    _check_rights(set(_rights_of(roles)))
    if password and (fault := password_fault(password, username, settings().password_length)):
        raise Invalid(fault, code="weak_password")
    once = password or one_time_password()
    user = User(username=username, name=name, roles=roles, scopes=scopes, demo=demo, password_hash=_hasher().hash(once))
    session().add(user)
    session().flush()
    happened.send("access", what="create_user", key=username, detail={"roles": roles, "scopes": scopes})
    return once


def change_password(user_id: int, old: str, new: str, keep_cookie: str) -> None:
    """A new password of one's own; all other sessions of this user end."""
    user = session().get_one(User, user_id)
    _count_attempt(user)
    if not _matches(user.password_hash, old):
        _tell_failure(user.username, None)
        raise Invalid("原密码不正确。", code="wrong_password")
    fault = password_fault(new, user.username, settings().password_length)
    if fault or new == old:
        raise Invalid(fault or "新密码不能与原密码相同。", code="weak_password")
    _forget_attempts(user)
    user.password_hash, user.must_change_password = _hasher().hash(new), False
    others = sa.delete(SignIn).where(SignIn.user_id == user_id, SignIn.token_hash != _digest(keep_cookie))
    session().execute(others)
    happened.send("access", what="change_password", key=user.username, detail={})


def reset_password(username: str) -> str:
    """A new one-time password; ends all sessions and any lock of the user."""
    user = session().scalar(sa.select(User).where(User.username == username, User.retired_at.is_(None)))
    if not user:
        raise NotFound(f"没有账号“{username[:50]}”。")
    _check_scopes(user.scopes or [""])
    _check_rights(set(_rights_of(user.roles)))
    once = one_time_password()
    user.password_hash, user.must_change_password = _hasher().hash(once), True
    user.failures, user.locked_until = 0, None
    session().execute(sa.delete(SignIn).where(SignIn.user_id == user.id))
    happened.send("access", what="reset_password", key=username, detail={})
    return once


def create_token(name: str, rights: list[str], scopes: list[str], days: int) -> tuple[Token, str]:
    """A bearer token, shown this once; never with more rights, area or time than its maker may give."""
    unknown = unknown_rights(rights)
    if unknown:
        raise Invalid(f"没有这些权限：{'、'.join(unknown)}。", code="unknown_right")
    _check_scopes(scopes)
    _check_rights(set(rights))
    if not 1 <= days <= settings().token_days:
        raise Invalid(f"有效期须为 1-{settings().token_days} 天。", code="bad_days")
    bearer = "gg_" + secrets.token_urlsafe(32)
    token = Token(
        name=name,
        token_hash=_digest(bearer),
        rights=rights,
        scopes=scopes,
        expires_at=datetime.now(UTC) + timedelta(days=days),
        created_by=caller().user_id,
    )
    session().add(token)
    session().flush()
    happened.send("access", what="create_token", key=str(token.id), detail={"rights": rights, "scopes": scopes})
    return token, bearer


def list_users() -> list[User]:
    """Users whose whole scope lies within the caller's."""
    users = session().scalars(sa.select(User).order_by(User.username))
    return [user for user in users if _within(user.scopes)]


def retire_user(username: str) -> None:
    """A user who may not sign in again; all sessions end."""
    user = session().scalar(sa.select(User).where(User.username == username, User.retired_at.is_(None)))
    if user is None or not _within(user.scopes):
        raise NotFound(f"没有账号“{username[:50]}”，或不在您的数据范围内。")
    if user.id == caller().user_id:
        raise Conflict("不能停用自己的账号。", code="own_account")
    user.retired_at = datetime.now(UTC)
    session().execute(sa.delete(SignIn).where(SignIn.user_id == user.id))
    happened.send("access", what="retire_user", key=username, detail={})


def list_tokens() -> list[Token]:
    """Tokens whose whole scope lies within the caller's."""
    return [token for token in session().scalars(sa.select(Token).order_by(Token.id)) if _within(token.scopes)]


def retire_token(token_id: int) -> None:
    """A token that opens nothing any more."""
    token = session().get(Token, token_id)
    if token is None or token.retired_at or not _within(token.scopes):
        raise NotFound(f"没有编号为 {token_id} 的令牌，或不在您的数据范围内。")
    token.retired_at = datetime.now(UTC)
    happened.send("access", what="retire_token", key=str(token_id), detail={})


def _within(scopes: list[str]) -> bool:
    return all(any(scope.startswith(own) for own in caller().scopes) for scope in scopes or [""])


def keep_roles() -> None:
    """The roles that come with the product; a deployment's own changes to them stay."""
    known = set(session().scalars(sa.select(Role.code)))
    session().add_all(Role(code=code, name=name, rights=rights) for code, (name, rights) in ROLES.items() if code not in known)
    session().flush()


def one_time_password() -> str:
    """12 characters that pass the rules and can be read from paper (no 0/O, 1/l/I)."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    digits = "23456789"
    body = [secrets.choice(letters + digits) for _ in range(9)]
    return secrets.choice(letters).upper() + "".join(body) + secrets.choice(digits) + secrets.choice(letters).upper()


def caller_named(username: str) -> Caller:
    """The caller that a user is when he signs in; for the command line."""
    user = session().scalar(sa.select(User).where(User.username == username, User.retired_at.is_(None)))
    if user is None:
        raise NotFound(f"没有账号 {username[:50]}。")
    return _as_caller(user)


def _as_caller(user: User) -> Caller:
    return Caller(user.name, frozenset(_rights_of(user.roles)), tuple(user.scopes), user_id=user.id)


def _rights_of(roles: list[str]) -> list[str]:
    return list(session().scalars(sa.select(sa.func.unnest(Role.rights)).where(Role.code.in_(roles))))


def _check_rights(wanted: set[str]) -> None:
    """Who manages the whole may give any right; others only what they have themselves."""
    beyond = wanted - caller().rights
    if beyond and not caller().covers(None):
        raise Forbidden(f"您自己没有这些权限，不能授予：{'、'.join(RIGHTS.get(right, right) for right in sorted(beyond))}。")


def _check_roles(roles: list[str]) -> None:
    known = set(session().scalars(sa.select(Role.code).where(Role.retired_at.is_(None))))
    unknown = [role for role in roles if role not in known]
    if unknown:
        raise Invalid(f"没有这些角色：{'、'.join(unknown)}。", code="unknown_role")


def _check_scopes(scopes: list[str]) -> None:
    beyond = [scope for scope in scopes if not any(scope.startswith(own) for own in caller().scopes)]
    if beyond:
        raise Forbidden(f"这些区域不在您的数据范围内：{'、'.join(s or '全部' for s in beyond)}。", code="other_area")


def _count_attempt(user: User) -> None:
    """Count before looking at the password, in a transaction of its own: parallel guesses count too. Refuses when locked."""
    now = datetime.now(UTC)
    with aside() as own:
        row = own.execute(
            sa.update(User)
            .where(User.id == user.id)
            .values(failures=User.failures + 1)
            .returning(User.failures, User.locked_until)
        ).one_or_none()
        if row is None:
            return  # made in this very transaction: nobody else knows the name yet
        locked_until = row.locked_until
        if (locked_until is None or locked_until <= now) and row.failures > settings().max_failures:
            locked_until = now + timedelta(minutes=settings().lock_minutes)
            own.execute(sa.update(User).where(User.id == user.id).values(failures=0, locked_until=locked_until))
    if locked_until and locked_until > now:
        raise TooMany(f"密码多次输错，账号已锁定，请在 {_minutes_left(locked_until, now)} 分钟后再试。", code="locked")


def _forget_attempts(user: User) -> None:
    session().execute(sa.update(User).where(User.id == user.id).values(failures=0, locked_until=None))


def _tell_failure(username: str, address: str | None) -> None:
    with aside() as own:
        happened.send("access", what="sign_in_refused", key=username, detail={"address": address}, on=own)


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except VerificationError:
        return False


def _minutes_left(until: datetime, now: datetime) -> int:
    return max(1, -int(-(until - now).total_seconds() // 60))


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
