"""Rights, roles and password rules; pure."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import pyotp

RIGHTS = {
    "areas.read": "查看区域与网格",
    "areas.write": "维护区域与网格",
    "buildings.read": "查看小区、楼栋、房屋",
    "buildings.write": "维护小区、楼栋、房屋",
    "premises.read": "查看营业场所",
    "premises.write": "维护营业场所",
    "people.read": "查看住户与居民（脱敏）",
    "people.write": "维护住户与居民",
    "people.unmask": "查看证件号码与电话原文",
    "people.sensitive": "查看与登记敏感人员类别",
    "events.read": "查看事件",
    "events.write": "登记事件",
    "tracks.read": "查看巡查轨迹",
    "tracks.write": "上传巡查轨迹",
    "boards.print": "制作公示牌与印刷地图",
    "boards.write": "维护公示牌设置、模板与照片",
    "tracks.search": "查询某时某地有谁经过",
    "patrol.manage": "管理巡查设备、目标与排班",
    "imports.run": "批量导入",
    "audit.read": "查看审计记录",
    "users.manage": "管理用户与令牌",
    "roles.manage": "管理角色与权限",
    "dictionary.write": "维护代码表",
    "colours.write": "维护房态图配色",
    "settings.manage": "修改系统设置",
    "jobs.manage": "查看与取消所有人的任务",
    "system.read": "查看系统运行状况",
}
ADMINISTRATION = (
    "users.manage", "roles.manage", "dictionary.write", "colours.write", "settings.manage", "jobs.manage", "system.read",
)  # fmt: skip
_SPECIAL = ("audit.read", "people.unmask", "people.sensitive", "tracks.search", *ADMINISTRATION)  # given one by one
_BUSINESS = [right for right in RIGHTS if right not in _SPECIAL]
ROLES = {
    "administrator": ("系统管理员", ["areas.read", "areas.write", "imports.run", *ADMINISTRATION]),
    "auditor": ("审计管理员", ["audit.read", "areas.read"]),
    "district": ("区县工作人员", [*_BUSINESS, "people.unmask", "tracks.search"]),
    "street": ("街道工作人员", _BUSINESS),
    "community": ("社区工作人员", [*_BUSINESS, "people.unmask", "tracks.search"]),
    "grid_worker": (
        "网格员",
        [right for right in _BUSINESS if right not in ("areas.write", "boards.write", "imports.run", "patrol.manage")],
    ),
}


@dataclass(frozen=True)
class Caller:
    """Who is asking. `scopes` are area code prefixes ('' is everywhere); user_id is None for tokens and the command line."""

    name: str
    rights: frozenset[str]
    scopes: tuple[str, ...]
    user_id: int | None = None
    kind: str = "user"  # user, token, command

    def may(self, right: str) -> bool:
        return right in self.rights

    def covers(self, code: str | None) -> bool:
        """Whether an area code is within this caller's scope; what is unplaced belongs to the whole only."""
        return any(scope == "" or (code is not None and code.startswith(scope)) for scope in self.scopes)


COMMAND = Caller("命令行", frozenset(RIGHTS), ("",), kind="command")


def needs_second_factor(mode: str, rights: Collection[str]) -> bool:
    """Whether the rule (off, administrators, everyone) asks a holder of these rights for a one-time code."""
    return mode == "everyone" or (mode == "administrators" and not set(rights).isdisjoint((*ADMINISTRATION, "audit.read")))


def code_step(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step whose code this is (RFC 6238), one step early or late allowed; None for a wrong code."""
    made = pyotp.TOTP(secret)
    step = int(now.timestamp()) // made.interval
    given = re.sub(r"\s", "", code)
    steps = (step, step - 1, step + 1)
    return next((each for each in steps if hmac.compare_digest(made.generate_otp(each).encode(), given.encode())), None)


def password_fault(password: str, username: str, least: int) -> str | None:
    """None for a password that is long and mixed enough (three of four classes), otherwise the sentence to show."""
    classes = sum(bool(re.search(kind, password)) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"[^A-Za-z0-9]"))
    if len(password) < least or len(password) > 128:
        return f"密码须为 {least}-128 位。"
    if classes < 3:
        return "密码须包含大写字母、小写字母、数字、符号中的至少三种。"
    if username.lower() in password.lower():
        return "密码不能包含账号名。"
    return None


def unknown_rights(rights: list[str]) -> list[str]:
    """Those that no route asks for."""
    return [right for right in rights if right not in RIGHTS]
