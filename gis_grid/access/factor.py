"""The second factor: one-time codes of a phone (RFC 6238), and recovery codes for when the phone is lost."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pyotp
import sqlalchemy as sa

from gis_grid.access.actions import (
    Session,
    check_rights,
    count_attempt,
    digest,
    end_sessions,
    forget_attempts,
    happened,
    matches_password,
    rights_of,
    session_of,
    tell_failure,
)
from gis_grid.access.guard import caller
from gis_grid.access.keeping import find_user
from gis_grid.access.models import SignIn, User
from gis_grid.access.rules import code_step, needs_second_factor
from gis_grid.choices import chosen
from gis_grid.db import session
from gis_grid.errors import Conflict, Invalid

ISSUER = "社区网格"
RECOVERY_CODES = 10
_WRONG = "验证码不正确或已用过，请输入手机上当前显示的 6 位数字；也可以输入一个备用码。"


def pass_second_factor(user_id: int, cookie: str, code: str) -> Session:
    """Let a session in whose password was right. Wrong codes count like wrong passwords and lock the account."""
    user = session().get_one(User, user_id)
    if user.second_factor_at is None:
        raise Conflict("这个账号没有启用动态口令。", code="no_second_factor")
    count_attempt(user)
    if not _takes(user, code):
        tell_failure(user.username, None)
        raise Invalid(_WRONG, code="wrong_code")
    forget_attempts(user)
    made = session().get_one(SignIn, digest(cookie))
    made.second_factor_at = datetime.now(UTC)
    session().flush()
    happened.send("access", what="second_factor", key=user.username, detail={})
    return session_of(user, made, cookie)


def begin_enrolment(user_id: int, password: str) -> tuple[str, str]:
    """A new secret and its otpauth address; it counts once `confirm_enrolment` has seen a code of it."""
    user = _proven(user_id, password)
    forget_attempts(user)
    if user.second_factor_at is not None:
        raise Conflict("已经启用动态口令；要换手机，请先停用再重新启用。", code="has_second_factor")
    user.second_factor = pyotp.random_base32()
    session().flush()
    return user.second_factor, pyotp.TOTP(user.second_factor).provisioning_uri(name=user.username, issuer_name=ISSUER)


def confirm_enrolment(user_id: int, cookie: str, code: str) -> list[str]:
    """From now on this user needs a code; answers the recovery codes, told this once. Other sessions end."""
    user = session().get_one(User, user_id)
    if user.second_factor is None or user.second_factor_at is not None:
        raise Conflict("请先扫描二维码。", code="not_begun")
    count_attempt(user)
    now = datetime.now(UTC)
    step = code_step(user.second_factor, code, now)
    if step is None:
        raise Invalid("验证码不正确：请输入手机上当前显示的 6 位数字，并确认手机时间准确。", code="wrong_code")
    forget_attempts(user)
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    user.second_factor_at, user.second_factor_step = now, step
    user.recovery_codes = [digest(_normal(each)) for each in codes]
    session().get_one(SignIn, digest(cookie)).second_factor_at = now
    session().flush()
    end_sessions(user_id, but=cookie)
    happened.send("access", what="enrol_second_factor", key=user.username, detail={})
    return codes


def remove_second_factor(user_id: int, password: str, code: str) -> None:
    """Do without, where the rule allows it; needs password and code."""
    user = _proven(user_id, password)
    if needs_second_factor(chosen("second_factor"), caller().rights):
        raise Conflict("按本单位的规定，您的账号必须使用动态口令，不能停用。", code="second_factor_required")
    if not _takes(user, code):
        raise Invalid(_WRONG, code="wrong_code")
    forget_attempts(user)
    _forget(user)
    happened.send("access", what="remove_second_factor", key=user.username, detail={})


def reset_second_factor(username: str) -> None:
    """For who lost phone and codes: the next sign-in sets it up anew where it is required. All sessions end."""
    user = find_user(username)
    check_rights(set(rights_of(user.roles)))
    _forget(user)
    end_sessions(user.id)
    happened.send("access", what="reset_second_factor", key=username, detail={})


def _forget(user: User) -> None:
    user.second_factor, user.second_factor_at, user.second_factor_step, user.recovery_codes = None, None, 0, []
    session().flush()


def _proven(user_id: int, password: str) -> User:
    """The user, whose attempt is counted; the row is left alone, for counting again would wait for this transaction."""
    user = session().get_one(User, user_id)
    count_attempt(user)
    if not matches_password(user.password_hash, password):
        tell_failure(user.username, None)
        raise Invalid("密码不正确。", code="wrong_password")
    return user


def _takes(user: User, code: str) -> bool:
    """Whether the code is good; each is taken once, also when two requests bring it at the same time."""
    if user.second_factor is None or user.second_factor_at is None:
        return False
    step = code_step(user.second_factor, code, datetime.now(UTC))
    if step is not None:
        newer = sa.update(User).where(User.id == user.id, User.second_factor_step < step).values(second_factor_step=step)
        return session().execute(newer, execution_options={"synchronize_session": False}).rowcount == 1  # type: ignore[attr-defined]
    sign = digest(_normal(code))
    used = sa.update(User).where(User.id == user.id, sa.literal(sign) == sa.any_(User.recovery_codes))
    used = used.values(recovery_codes=sa.func.array_remove(User.recovery_codes, sign))
    return session().execute(used, execution_options={"synchronize_session": False}).rowcount == 1  # type: ignore[attr-defined]


def _recovery_code() -> str:
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    body = "".join(secrets.choice(letters) for _ in range(10))
    return f"{body[:5]}-{body[5:]}"


def _normal(code: str) -> str:
    return code.strip().lower().replace("-", "").replace(" ", "")
