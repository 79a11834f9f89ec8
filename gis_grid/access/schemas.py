"""What goes in and out of the routes of sign-in, users, roles and tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from gis_grid.access.rules import RIGHTS


class Plain(fields.String):
    """A string that UTF-8 and PostgreSQL can hold, as it was typed."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text):
            raise ValidationError("含有不能保存的字符。")
        return text


def _matching(pattern: str, told: str) -> Callable[[str], None]:
    """A validator for the whole text; the document cannot show Python's patterns, so it shows none."""

    def check(value: str) -> None:
        if not re.fullmatch(pattern, value):
            raise ValidationError(f"应为{told}。")

    return check


class SignInSchema(Schema):
    username = Plain(required=True, validate=validate.Length(min=1, max=50), metadata={"title": "账号"})
    password = Plain(required=True, validate=validate.Length(min=1, max=128), metadata={"title": "密码"})


class PasswordSchema(Schema):
    old_password = Plain(required=True, validate=validate.Length(max=128))
    new_password = Plain(required=True, validate=validate.Length(max=128))


class WhoSchema(Schema):
    id = fields.Integer(allow_none=True)
    username = fields.String()
    name = fields.String()
    rights = fields.List(fields.String())
    scopes = fields.List(fields.String())
    must_change_password = fields.Boolean()
    demo = fields.Boolean()
    second_factor = fields.Boolean(metadata={"title": "已启用动态口令"})


class PolicySchema(Schema):
    idle_lock_minutes = fields.Integer(metadata={"title": "多少分钟无操作后锁屏，0 为不锁"})
    password_length = fields.Integer(metadata={"title": "密码最少位数"})
    second_factor_required = fields.Boolean(metadata={"title": "这个账号必须使用动态口令"})
    time_zone = fields.String(metadata={"title": "时区：一天从何时到何时，页面上的时间按它显示"})


class SessionSchema(Schema):
    user = fields.Nested(WhoSchema)
    csrf = fields.String(allow_none=True)
    waits = fields.String(
        allow_none=True, metadata={"title": "还须先做的事", "description": "locked 解锁、code 动态口令、enrol 启用动态口令"}
    )
    policy = fields.Nested(PolicySchema)


class SecretSchema(Schema):
    password = Plain(required=True, validate=validate.Length(min=1, max=128), metadata={"title": "密码"})


class CodeSchema(Schema):
    code = Plain(required=True, validate=validate.Length(min=1, max=20), metadata={"title": "动态口令或备用码"})


class FactorRemovalSchema(SecretSchema, CodeSchema):
    pass


class UserSchema(Schema):
    username = Plain(required=True, validate=_matching("[A-Za-z0-9_.-]{3,50}", " 3-50 位字母、数字、点、横线或下划线"))
    name = Plain(required=True, validate=validate.Length(min=1, max=50))
    roles = fields.List(Plain(validate=validate.Length(max=32)), required=True)
    scopes = fields.List(Plain(validate=_matching("[0-9A-Za-z_-]{0,32}", "区域编码，空为全部")), required=True)
    expires_on = fields.Date(allow_none=True, metadata={"title": "有效期至"})


class UserChangeSchema(Schema):
    name = Plain(validate=validate.Length(min=1, max=50))
    roles = fields.List(Plain(validate=validate.Length(max=32)))
    scopes = fields.List(Plain(validate=_matching("[0-9A-Za-z_-]{0,32}", "区域编码，空为全部")))
    expires_on = fields.Date(allow_none=True)


class RoleSchema(Schema):
    code = Plain(required=True, validate=_matching("[a-z][a-z0-9_]{1,31}", " 2-32 位小写字母、数字或下划线"))
    name = Plain(required=True, validate=validate.Length(min=1, max=50))
    rights = fields.List(fields.String(validate=validate.OneOf(sorted(RIGHTS))), required=True)


class RoleChangeSchema(Schema):
    name = Plain(validate=validate.Length(min=1, max=50))
    rights = fields.List(fields.String(validate=validate.OneOf(sorted(RIGHTS))))


class ShownRoleSchema(Schema):
    code = fields.String()
    name = fields.String()
    rights = fields.List(fields.String())
    users = fields.Integer(metadata={"title": "在用账号数"})
    product = fields.Boolean(metadata={"title": "系统自带"})
    version = fields.Integer()


class TokenSchema(Schema):
    name = Plain(required=True, validate=validate.Length(min=1, max=100))
    rights = fields.List(fields.String(validate=validate.OneOf(sorted(RIGHTS))), required=True)
    scopes = fields.List(Plain(validate=_matching("[0-9A-Za-z_-]{0,32}", "区域编码，空为全部")), required=True)
    days = fields.Integer(strict=True, load_default=90, validate=validate.Range(min=1, max=3650))


class ShownUserSchema(Schema):
    username = fields.String()
    name = fields.String()
    roles = fields.List(fields.String())
    scopes = fields.List(fields.String())
    must_change_password = fields.Boolean()
    locked_until = fields.DateTime(allow_none=True)
    retired_at = fields.DateTime(allow_none=True)
    demo = fields.Boolean()
    expires_on = fields.Date(allow_none=True)
    created_at = fields.DateTime()
    seen_at = fields.DateTime(allow_none=True, metadata={"title": "最近使用"})
    second_factor = fields.Boolean()
    version = fields.Integer()


class ShownTokenSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    rights = fields.List(fields.String())
    scopes = fields.List(fields.String())
    expires_at = fields.DateTime()
    retired_at = fields.DateTime(allow_none=True)
