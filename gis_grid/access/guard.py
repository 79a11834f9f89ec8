"""The caller of this request, the right a route names, and the scope every query starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import sqlalchemy as sa

from gis_grid.access.rules import RIGHTS, Caller
from gis_grid.errors import Forbidden, Unauthenticated

_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)
View = TypeVar("View", bound=Callable[..., Any])
SIGNED_IN = "signed-in"  # for routes that every signed-in user may ask: his session, code tables
PUBLIC = "public"  # sign-in, health, API document


def caller() -> Caller:
    """Who is asking; refuses when nobody is signed in."""
    found = _caller.get()
    if found is None:
        raise Unauthenticated("请先登录。")
    return found


@contextmanager
def acting(as_caller: Caller | None) -> Iterator[None]:
    """Make `as_caller` the caller within the block."""
    token = _caller.set(as_caller)
    try:
        yield
    finally:
        _caller.reset(token)


def require(right: str) -> Callable[[View], View]:
    """Name the right a route needs. The app checks it before anything of the request is read; no right named, no answer."""
    if right not in RIGHTS and right not in (SIGNED_IN, PUBLIC):
        raise ValueError(f"unknown right {right}")

    def mark(view: View) -> View:
        view.right = right  # type: ignore[attr-defined]
        return view

    return mark


def check_right(right: str) -> None:
    """Refuse a caller without this right."""
    if right == PUBLIC:
        return
    if right != SIGNED_IN and not caller().may(right):
        raise Forbidden(f"您没有“{RIGHTS[right]}”的权限，请联系管理员。", right=right)
    caller()


def scope_clause(column: Any) -> sa.ColumnElement[bool]:
    """The condition that keeps rows within the caller's areas; what is unplaced shows only to callers of the whole."""
    scopes = caller().scopes
    if "" in scopes:
        return sa.true()
    return sa.or_(sa.false(), *(column.like(prefix + "%") for prefix in map(_escaped, scopes)))


def scoped(query: Any, model: Any) -> Any:
    """`query` narrowed to the rows of `model` that the caller may see."""
    column = model.area_code if hasattr(model, "area_code") else model.code
    return query.where(scope_clause(column))


def scope_patterns() -> list[str]:
    """The caller's scope for .sql files: `area_code LIKE ANY(:scope)`; with '%' among them unplaced rows count too."""
    return [_escaped(scope) + "%" for scope in caller().scopes]


def check_area(code: str | None) -> None:
    """Refuse to write outside the caller's areas."""
    if not caller().covers(code):
        where = f"区域 {code}" if code else "未落入任何网格的位置"
        raise Forbidden(f"{where} 不在您的数据范围内。", code="other_area")


def _escaped(prefix: str) -> str:
    return prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
