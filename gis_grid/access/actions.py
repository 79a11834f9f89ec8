"""Sign in and out, keep users and tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from blinker import signal

from gis_grid.access.guard import caller
from gis_grid.access.models import Role, SignIn, Token, User
from gis_grid.access.rules import RIGHTS, Caller, needs_second_factor, password_fault, unknown_rights
from gis_grid.choices import chosen
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
    second_factor: bool  # whether this user has one
    waits: str | None  # for what all else waits: locked (the idle lock), code (the second factor), enrol (it must be set up)


_sessions: Kept[Session | None] = Kept("access", "choices", most=10_000)
_tokens: Kept[tuple[Caller, datetime] | None] = Kept("access", most=1_000)


@cache
def hasher() -> PasswordHasher:
    """What passwords are hashed and checked with (Argon2)."""
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return hasher().hash(secrets.token_urlsafe(16))


def sign_in(username: str, password: str, address: str | None) -> Session:
    """A new session. Wrong passwords count, are kept although the request is refused, and lock the account for a while."""
    user = session().scalar(sa.select(User).where(User.username == username, User.retired_at.is_(None)))
    now = datetime.now(UTC)
    if user:
        count_attempt(user)
    if not matches_password(user.password_hash if user else _nobodys_hash(), password) or not user:
        tell_failure(username if user else "未知账号", address)  # what was typed there may be a password
        raise Unauthenticated(_WRONG, code="wrong_password")
    if is_over(user):
        raise Unauthenticated(f"账号已于 {user.expires_on} 到期，请联系管理员延长。", code="expired")
    if user.second_factor_at is None:
        forget_attempts(user)  # otherwise the code is still to be guessed: pass_second_factor forgets them
    cookie = secrets.token_urlsafe(32)
    until = now + timedelta(hours=chosen("session_hours"))
    made = SignIn(token_hash=digest(cookie), user_id=user.id, seen_at=now, expires_at=until, address=address)
    session().add(made)
    session().flush()
    who = _as_caller(user)
    happened.send("access", what="sign_in", key=username, caller=who, detail={"address": address})
    return session_of(user, made, cookie)


def sign_out(cookie: str) -> None:
    """End the session of this cookie; nothing happens when there is none."""
    session().execute(sa.delete(SignIn).where(SignIn.token_hash == digest(cookie)))


def find_session(cookie: str) -> Session | None:
    """The session behind a cookie, unless it is over or idle for too long. Once a minute its use is noted."""
    key = digest(cookie)
    found = _sessions.get(key, lambda: _read_session(cookie, key))
    now = datetime.now(UTC)
    if found is not None and found.seen_at < now - timedelta(seconds=_NOTED_SECONDS):
        _sessions.forget(key)
        found = _sessions.get(key, lambda: _read_session(cookie, key))
    return found if found is not None and found.expires_at > now else None


def _read_session(cookie: str, key: bytes) -> Session | None:
    now = datetime.now(UTC)
    idle_since = now - timedelta(minutes=chosen("session_idle_minutes"))
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
    if not row or is_over(row.User):
        return None
    if row.SignIn.seen_at < now - timedelta(seconds=_NOTED_SECONDS):
        row.SignIn.seen_at = now
    return session_of(row.User, row.SignIn, cookie)


def session_of(user: User, made: SignIn, cookie: str) -> Session:
    """The session of a user as this sign-in has it now."""
    who = _as_caller(user)
    has_factor = user.second_factor_at is not None
    return Session(
        user.username,
        user.must_change_password,
        user.demo,
        cookie,
        csrf_token(cookie),
        who,
        made.seen_at,
        made.expires_at,
        has_factor,
        _waits_for(made, has_factor, who),
    )


def _waits_for(made: SignIn, has_factor: bool, who: Caller) -> str | None:
    if has_factor and made.second_factor_at is None:
        return "code"
    if made.locked_at is not None:
        return "locked"
    return "enrol" if not has_factor and needs_second_factor(chosen("second_factor"), who.rights) else None


def is_over(user: User) -> bool:
    """Whether the account's last day has passed."""
    return user.expires_on is not None and user.expires_on < datetime.now(ZoneInfo(settings().time_zone)).date()


def lock(cookie: str) -> None:
    """Cover this session: nothing is answered to it until `unlock`."""
    values = {"locked_at": datetime.now(UTC)}
    session().execute(sa.update(SignIn).where(SignIn.token_hash == digest(cookie), SignIn.locked_at.is_(None)).values(values))


def unlock(user_id: int, cookie: str, password: str) -> None:
    """Take the cover off. Wrong passwords count as at sign-in."""
    user = session().get_one(User, user_id)
    count_attempt(user)
    if not matches_password(user.password_hash, password):
        tell_failure(user.username, None)
        raise Invalid("密码不正确。", code="wrong_password")
    forget_attempts(user)
    session().execute(sa.update(SignIn).where(SignIn.token_hash == digest(cookie)).values(locked_at=None))


def find_token(bearer: str) -> Caller | None:
    """The caller behind a bearer token, unless expired or retired."""
    key = digest(bearer)
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
    username: str,
    name: str,
    roles: list[str],
    scopes: list[str],
    *,
    password: str | None = None,
    demo: bool = False,
    expires_on: date | None = None,
) -> str:
    """A new user; answers the one-time password, which must be changed at the first sign-in.

    Nobody gives an area beyond his own; roles with more rights than his own only who manages users of the whole.
    """
    if session().scalar(sa.select(User.id).where(User.username == username)):
        raise Conflict(f"账号“{username}”已存在，请换一个。", code="username_taken")
    check_roles(roles)
    check_scopes(scopes)
    check_rights(set(rights_of(roles)))
    if password and (fault := password_fault(password, username, chosen("password_length"))):
        raise Invalid(fault, code="weak_password")
    once = password or one_time_password()
    user = User(username=username, name=name, roles=roles, scopes=scopes, demo=demo, expires_on=expires_on)
    user.password_hash = hasher().hash(once)
    session().add(user)
    session().flush()
    happened.send("access", what="create_user", key=username, detail={"roles": roles, "scopes": scopes})
    return once


def change_password(user_id: int, old: str, new: str, keep_cookie: str) -> None:
    """A new password of one's own; all other sessions of this user end."""
    user = session().get_one(User, user_id)
    count_attempt(user)
    if not matches_password(user.password_hash, old):
        tell_failure(user.username, None)
        raise Invalid("原密码不正确。", code="wrong_password")
    fault = password_fault(new, user.username, chosen("password_length"))
    if fault or new == old:
        raise Invalid(fault or "新密码不能与原密码相同。", code="weak_password")
    forget_attempts(user)
    user.password_hash, user.must_change_password = hasher().hash(new), False
    end_sessions(user_id, but=keep_cookie)
    happened.send("access", what="change_password", key=user.username, detail={})


def create_token(name: str, rights: list[str], scopes: list[str], days: int) -> tuple[Token, str]:
    """A bearer token, shown this once; never with more rights, area or time than its maker may give."""
    unknown = unknown_rights(rights)
    if unknown:
        raise Invalid(f"没有这些权限：{'、'.join(unknown)}。", code="unknown_right")
    check_scopes(scopes)
    check_rights(set(rights))
    longest = chosen("token_days")
    if not 1 <= days <= longest:
        raise Invalid(f"有效期须为 1-{longest} 天。", code="bad_days")
    bearer = "gg_" + secrets.token_urlsafe(32)
    token = Token(
        name=name,
        token_hash=digest(bearer),
        rights=rights,
        scopes=scopes,
        expires_at=datetime.now(UTC) + timedelta(days=days),
        created_by=caller().user_id,
    )
    session().add(token)
    session().flush()
    happened.send("access", what="create_token", key=str(token.id), detail={"rights": rights, "scopes": scopes})
    return token, bearer


def list_tokens() -> list[Token]:
    """Tokens whose whole scope lies within the caller's."""
    return [token for token in session().scalars(sa.select(Token).order_by(Token.id)) if is_within(token.scopes)]


def retire_token(token_id: int) -> None:
    """A token that opens nothing any more."""
    token = session().get(Token, token_id)
    if token is None or token.retired_at or not is_within(token.scopes):
        raise NotFound(f"没有编号为 {token_id} 的令牌，或不在您的数据范围内。")
    token.retired_at = datetime.now(UTC)
    happened.send("access", what="retire_token", key=str(token_id), detail={})


def is_within(scopes: list[str]) -> bool:
    """Whether these scopes lie within the caller's."""
    return all(any(scope.startswith(own) for own in caller().scopes) for scope in scopes or [""])


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
    return Caller(user.name, frozenset(rights_of(user.roles)), tuple(user.scopes), user_id=user.id)


def rights_of(roles: list[str]) -> list[str]:
    """All rights of these roles."""
    return list(session().scalars(sa.select(sa.func.unnest(Role.rights)).where(Role.code.in_(roles))))


def check_rights(wanted: set[str]) -> None:
    """Who manages the whole may give any right; others only what they have themselves."""
    beyond = wanted - caller().rights
    if beyond and not caller().covers(None):
        raise Forbidden(f"您自己没有这些权限，不能授予：{'、'.join(RIGHTS.get(right, right) for right in sorted(beyond))}。")


def check_roles(roles: list[str]) -> None:
    """Refuse roles that are not there."""
    known = set(session().scalars(sa.select(Role.code).where(Role.retired_at.is_(None))))
    unknown = [role for role in roles if role not in known]
    if unknown:
        raise Invalid(f"没有这些角色：{'、'.join(unknown)}。", code="unknown_role")


def check_scopes(scopes: list[str]) -> None:
    """Refuse areas beyond the caller's."""
    beyond = [scope for scope in scopes if not any(scope.startswith(own) for own in caller().scopes)]
    if beyond:
        raise Forbidden(f"这些区域不在您的数据范围内：{'、'.join(s or '全部' for s in beyond)}。", code="other_area")


def end_sessions(user_id: int, but: str | None = None) -> None:
    """Sign this user out everywhere, except where the cookie is `but`."""
    query = sa.delete(SignIn).where(SignIn.user_id == user_id)
    session().execute(query if but is None else query.where(SignIn.token_hash != digest(but)))


def count_attempt(user: User) -> None:
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
        if (locked_until is None or locked_until <= now) and row.failures > chosen("max_failures"):
            locked_until = now + timedelta(minutes=chosen("lock_minutes"))
            own.execute(sa.update(User).where(User.id == user.id).values(failures=0, locked_until=locked_until))
    if locked_until and locked_until > now:
        raise TooMany(f"密码多次输错，账号已锁定，请在 {_minutes_left(locked_until, now)} 分钟后再试。", code="locked")


def forget_attempts(user: User) -> None:
    """The right password or code was given."""
    session().execute(sa.update(User).where(User.id == user.id).values(failures=0, locked_until=None))


def tell_failure(username: str, address: str | None) -> None:
    """Audit a refused sign-in, whatever becomes of the request."""
    with aside() as own:
        happened.send("access", what="sign_in_refused", key=username, detail={"address": address}, on=own)


def matches_password(stored: str, password: str) -> bool:
    """Whether this is the password."""
    try:
        return hasher().verify(stored, password)
    except VerificationError:
        return False


def _minutes_left(until: datetime, now: datetime) -> int:
    return max(1, -int(-(until - now).total_seconds() // 60))


def digest(value: str) -> bytes:
    """What is stored of a secret that has enough chance in it: SHA-256."""
    return hashlib.sha256(value.encode()).digest()
