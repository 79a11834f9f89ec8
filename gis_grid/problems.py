"""Every failure as problem details (RFC 9457): a stable code and a Chinese sentence, never a stack trace or SQL."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import orjson
from flask import Response
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from werkzeug.exceptions import HTTPException

from gis_grid.errors import BadRequest, Conflict, GridError, Invalid, Unavailable
from gis_grid.register.actions import REGISTERS

AT_ONCE = Conflict("与他人的修改同时发生，请刷新后重试。", code="try_again")
BAD_VALUE = Invalid("有的内容超出可保存的范围或格式不对。", code="bad_value")
TOO_DEEP = BadRequest("JSON 嵌套过深或数字过长。", code="bad_json")
BUSY = Unavailable("服务繁忙，请稍后重试。", code="busy")
_HTTP = {
    400: ("bad_request", "请求格式有误，请检查后重试。"),
    404: ("not_found", "没有这个地址。"),
    405: ("method_not_allowed", "该地址不支持这种操作。"),
    413: ("too_large", "上传内容过大：请分成几个较小的文件再上传。"),
    415: ("unsupported_type", "不支持这种内容类型，请用 application/json。"),
    422: ("invalid", "填写的内容有误。"),
    500: ("internal", "服务内部出错，请稍后重试。"),
}
_MARSHMALLOW = {
    "Missing data for required field.": "必填",
    "Field may not be null.": "不能为空",
    "Not a valid string.": "须为文字",
    "Not a valid integer.": "须为整数",
    "Not a valid number.": "须为数字",
    "Not a valid boolean.": "须为 true 或 false",
    "Not a valid list.": "须为列表",
    "Not a valid date.": "须为日期，如 2026-01-31",
    "Not a valid datetime.": "须为时间，如 2026-01-31T08:00:00+08:00",
    "Not a valid mapping type.": "须为对象",
    "Invalid input type.": "须为 JSON 对象",
    "Unknown field.": "没有这个字段",
    "Special numeric values (nan or infinity) are not permitted.": "须为有限的数字",
    "Invalid value.": "内容无效",
    "Invalid JSON body.": "不是有效的 JSON",
}


def answer(fault: GridError) -> Response:
    """The response for a known error."""
    try:
        body = orjson.dumps(fault.problem())
    except TypeError:  # lone surrogates in a key that the caller sent
        body = json.dumps(fault.problem(), default=str).encode()
    return Response(body, status=fault.status, mimetype="application/problem+json")


def from_http(fault: HTTPException) -> GridError:
    """werkzeug's and webargs' errors, with what is wrong in which field."""
    status = fault.code or 500
    code, sentence = _HTTP.get(status, ("http_error", "请求未能完成。"))
    extra: dict[str, Any] = {}
    data = getattr(fault, "data", None) or {}
    if data.get("messages"):
        extra["errors"] = _chinese(data["messages"])
        sentence = _first_sentence(extra["errors"]) or sentence
    known = GridError(sentence, code=code, **extra)
    known.status, known.title = status, GridError.title if status >= 500 else "请求有误"
    return known


def from_validation(fault: ValidationError) -> GridError:
    """A body that a view checked itself."""
    errors = _chinese(fault.messages)
    return Invalid(_first_sentence(errors) or _HTTP[422][1], errors=errors)


def from_constraint(fault: IntegrityError) -> GridError:
    """A broken constraint in words: which kind, which columns; no values."""
    state = sqlstate(fault)
    diagnosis = getattr(fault.orig, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    if state == "23505":
        return Conflict("已有相同编号或内容的记录。", code="duplicate", constraint=name)
    if state == "23503":
        return Invalid("引用的记录不存在，或仍被其他记录引用。", code="unknown_reference", constraint=name)
    if state == "23P01":
        return Conflict("同一区域的边界有效期不能重叠。", code="overlap", constraint=name)
    return Invalid("内容不符合数据约束。", code="constraint", constraint=name)


def from_data(fault: DBAPIError) -> GridError:
    """A value the database cannot hold."""
    return BAD_VALUE


def from_database(fault: DBAPIError, is_operational: bool) -> GridError:
    """The database is away, too slow, or refuses."""
    state = sqlstate(fault)
    if state == "57014":
        return Unavailable("查询时间过长，已停止；请缩小范围后重试。", code="too_slow")
    if state in ("40001", "40P01", "55P03"):
        return Conflict("与他人的操作同时发生，请重试。", code="try_again")
    if is_operational:
        return Unavailable("数据库暂时不可用，请稍后重试；若持续出现请告诉管理员。", code="database_away")
    return GridError("服务内部出错，请稍后重试。")


def sqlstate(fault: DBAPIError) -> str | None:
    """PostgreSQL's five characters, when there are any."""
    state: str | None = getattr(fault.orig, "sqlstate", None)
    return state


def _chinese(messages: Any) -> Any:
    if isinstance(messages, dict):
        return {str(key): _chinese(value) for key, value in messages.items()}
    if isinstance(messages, list):
        return [_chinese(one) for one in messages]
    text = str(messages)
    if text.startswith("Longer than maximum length"):
        return f"太长，最多 {text.rsplit(' ', 1)[-1].rstrip('.')} 个字符"
    if text.startswith(("Number too large", "String does not match")):
        return "内容过大或格式不对"
    if exact := re.fullmatch(r"(Shorter than minimum length|Length must be) (\d+)\.", text):
        return f"须恰好 {exact[2]} 个" if exact[1].startswith("Length") else f"至少 {exact[2]} 个"
    if span := re.fullmatch(r"Length must be between (\d+) and (\d+)\.", text):
        return f"长度须在 {span[1]} 到 {span[2]} 之间"
    if text.startswith(("Must be ", "Length must be", "Shorter than")):
        return "超出允许范围" + "".join(f"，{word} {number}" for word, number in _limits(text))
    return _MARSHMALLOW.get(text, text)


def _limits(text: str) -> list[tuple[str, str]]:
    """What marshmallow says of limits, in Chinese: at least, at most, one of."""
    words = {"greater than or equal to": "最小", "less than or equal to": "最大", "between": "应在", "one of:": "可用"}
    return [
        (word, text.split(said, 1)[1].split(" and less", maxsplit=1)[0].strip(" .").replace(" and ", " 到 "))
        for said, word in words.items()
        if said in text
    ]


def _first_sentence(errors: Any) -> str | None:
    path: list[str] = []
    while isinstance(errors, dict | list) and errors:
        if isinstance(errors, dict):
            key, errors = next(iter(errors.items()))
            if key not in ("json", "query", "_schema", "files", "form"):
                path.append(key)
        else:
            errors = errors[0]
    where = ".".join(_label(key) for key in path)
    told = str(errors)[:200].rstrip("。")
    return f"“{where[:60]}”{told}。" if where else f"{told}。"


@cache
def _label(key: str) -> str:
    """What users call a field, where all registers that have it call it so; else the name it is sent by."""
    columns = [column for register in REGISTERS.values() for column in register.columns if column.key == key]
    titles = {str(column.comment) for column in columns if column.comment}
    return titles.pop() if len(titles) == 1 else key
