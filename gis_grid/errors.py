"""What can go wrong for a caller: each error knows its HTTP status and a stable code.

Answered as problem details (RFC 9457). `detail` is the Chinese sentence the user reads: what, and what to do next.
"""

from __future__ import annotations

from typing import Any


class GridError(Exception):
    """Base of all errors that a caller may read."""

    status = 500
    code = "internal"
    title = "服务内部错误"

    def __init__(self, detail: str, *, code: str | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 members: type, title, status, detail, code and whatever else helps."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }


class Invalid(GridError):
    status, code, title = 422, "invalid", "填写的内容有误"


class BadRequest(GridError):
    status, code, title = 400, "bad_request", "请求格式有误"


class Unauthenticated(GridError):
    status, code, title = 401, "unauthenticated", "请先登录"


class Forbidden(GridError):
    status, code, title = 403, "forbidden", "没有权限"


class NotFound(GridError):
    status, code, title = 404, "not_found", "没有找到"


class Conflict(GridError):
    status, code, title = 409, "conflict", "与现有数据冲突"


class Gone(GridError):
    status, code, title = 410, "gone", "已注销"


class Changed(GridError):
    status, code, title = 412, "changed", "数据已被他人修改"


class TooLarge(GridError):
    status, code, title = 413, "too_large", "内容过大"


class VersionRequired(GridError):
    status, code, title = 428, "version_required", "缺少版本号"


class TooMany(GridError):
    status, code, title = 429, "too_many", "操作过于频繁"


class Unavailable(GridError):
    status, code, title = 503, "unavailable", "服务暂不可用"
