"""Ask a register: the tree as SQL within the caller's scope, one page at a time; keep and share what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from gis_grid import audit
from gis_grid.access.guard import caller, scoped
from gis_grid.areas.placing import today
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.errors import BadRequest, Conflict, Forbidden, NotFound
from gis_grid.people.models import Resident, ResidentKey, found_by
from gis_grid.query.looked import fits_words, is_fresh
from gis_grid.query.models import SavedQuery
from gis_grid.query.registers import PEOPLE, fields_of, inside, near, place_of
from gis_grid.query.rules import BadQuery, Condition, Fresh, Group, InArea, Inside, Near, Words, read_query
from gis_grid.query.rules import fields_of as fields_asked
from gis_grid.register import Register
from gis_grid.register.actions import cursor_of, first_of, in_order, sort_column
from gis_grid.sealed import fingerprint

MOST_SORTED = 100_000
LEADING = (
    "eq",
    "starts",
    "between",
    "lt",
    "le",
    "gt",
    "ge",
    "within_days",
    "older_days",
)  # the first that fits is led to
HANDFUL, WALKED = 2_000, 20_000  # rows: from how many on a short walk is tried, and how far it goes
MOST_SAVED = 200


@dataclass(frozen=True)
class Found:
    """One page of an answer; `total` only when it was asked for."""

    items: list[Any]
    next: str | None
    total: int | None = None


def ask(register: Register, wanted: Mapping[str, Any]) -> Found:
    """One page. `wanted`: where, sort, after, limit, retired, total."""
    limit = wanted.get("limit", 50)
    tree = read_query(wanted.get("where"), fields_of(register))
    query = matching(register, tree, retired=bool(wanted.get("retired")))
    column, down = sort_column(register, wanted.get("sort"))
    sorted_by_it = _bounds(tree, column.key) and column.key in _led(register.model.__table__)
    page = _walked if sorted_by_it else _page
    rows = page(register, query, column, down, wanted.get("after"), limit + 1)
    more = len(rows) > limit
    total = _count(query) if wanted.get("total") else None
    note(register, tree, len(rows[:limit]))
    return Found(rows[:limit], cursor_of(rows[limit - 1], column, register.key) if more else None, total)


def matching(register: Register, tree: Group, *, retired: bool = False) -> Any:
    """The SELECT of the rows that fit, within the caller's scope."""
    query = scoped(sa.select(register.model), register.model).where(clause(register, tree))
    return query if retired else query.where(register.model.retired_at.is_(None))


def _bounds(tree: Group, key: str) -> bool:
    """Whether all rows that fit lie together in the order of this column: its index leads to them and through them."""
    asked = (key, "age") if key == "birth_date" else (key,)
    conditions = [one for one in tree.parts if isinstance(one, Condition)] if tree.how == "all" else []
    return any(one.field.key in asked and one.op in LEADING for one in conditions)


def _walked(register: Register, query: Any, column: Any, down: bool, after: str | None, most: int) -> list[Any]:
    return first_of(in_order(query, column, register.key, down, after, nullable=bool(column.nullable)), most)


def _page(register: Register, query: Any, column: Any, down: bool, after: str | None, most: int) -> list[Any]:
    """The page in its order. Few rows are found first and then sorted: walking the order's index until enough of them turn
    up is what the planner would do, and it reads the whole table when they lie at its end. Where more than a handful are
    expected, a short walk is tried before: most often the page is full long before its end."""
    expected = _expected_few(query)
    led = column is register.key or column.key in _led(register.model.__table__)
    if led and (expected is None or expected > HANDFUL):
        rows = _short_walk(register, query, column, down, after, most)
        if rows is not None:
            return rows
    return _sorted(register, query, column, down, after, most)


def _sorted(register: Register, query: Any, column: Any, down: bool, after: str | None, most: int) -> list[Any]:
    """All that fit, sorted as pairs of key and value, and only those on the page fetched whole: a sort copies each row it is
    given, and rows of people are wide."""
    narrow = query.with_only_columns(*dict.fromkeys((register.key, column)))
    found = narrow.offset(sa.literal_column("0")).subquery()  # OFFSET keeps the two apart
    own, by = found.c[register.key.key], found.c[column.key]
    keys = first_of(in_order(sa.select(own), by, own, down, after, nullable=bool(column.nullable)), most)
    rows = session().scalars(sa.select(register.model).where(register.key.in_(keys)))
    places = {key: at for at, key in enumerate(keys)}
    return sorted(rows, key=lambda row: places[getattr(row, register.key.key)])


def _short_walk(register: Register, query: Any, column: Any, down: bool, after: str | None, most: int) -> list[Any] | None:
    """The page when it is full, or the register at its end, within so many steps along the index of this order; else None."""
    key, nullable = register.key, bool(column.nullable)
    rows: list[Any] = []
    parts = in_order(query, column, key, down, after, nullable=nullable)
    paths = in_order(sa.select(column, key), column, key, down, after, nullable=nullable)
    for part, path in zip(parts, paths, strict=True):
        last = session().execute(path.offset(WALKED).limit(1)).first()
        here = part if last is None else part.where(_until(last, column, key, down))
        rows += session().scalars(here.limit(most - len(rows)))
        if len(rows) == most:
            return rows
        if last is not None:
            return None
    return rows


def _until(last: Any, column: Any, key: Any, down: bool) -> Any:
    """Not beyond this row of the order; those without a value lie in the order of their keys."""
    if column is key or last[0] is None:
        return key >= last[1] if down else key <= last[1]
    pair, end = sa.tuple_(column, key), tuple(last)
    return pair >= end if down else pair <= end


def _led(table: sa.Table) -> set[str]:
    """Columns whose order an index of their table keeps."""
    plain = {"using": False, "ops": {}, "where": None}
    told = {index: index.dialect_options["postgresql"] for index in table.indexes}
    return {next(iter(index.columns)).key for index in told if all(told[index][name] == plain[name] for name in plain)}


class _Explained(sa.sql.Executable, sa.sql.ClauseElement):
    """EXPLAIN of a SELECT."""

    inherit_cache = False

    def __init__(self, query: Any) -> None:
        self.query = query


@compiles(_Explained)
def _explain(element: _Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.query, **options)}"


def _expected_few(query: Any) -> int | None:
    """How many rows the planner expects, if they are few and it finds them by an index; nothing is read for it."""
    plan = session().execute(_Explained(query)).scalar_one()[0]["Plan"]
    few = plan["Plan Rows"] <= MOST_SORTED and plan["Node Type"] != "Seq Scan"
    return int(plan["Plan Rows"]) if few else None


def _count(query: Any) -> int:
    inner = query.with_only_columns(sa.literal(1)).order_by(None).subquery()
    return int(session().scalar(sa.select(sa.func.count()).select_from(inner)) or 0)


def note(register: Register, tree: Group, shown: int) -> None:
    """Who asked for people, by which fields and how many were shown; never the values."""
    if register.name in PEOPLE:
        audit.record("query", register.name, after={"fields": sorted(fields_asked(tree)), "shown": shown})


def clause(register: Register, node: Any) -> Any:
    """The condition of a tree."""
    if isinstance(node, Group):
        parts = [clause(register, part) for part in node.parts]
        if node.how == "not":
            return sa.not_(sa.func.coalesce(parts[0], sa.false()))
        return sa.and_(sa.true(), *parts) if node.how == "all" else sa.or_(sa.false(), *parts)
    if isinstance(node, InArea):
        own = register.model.area_code if hasattr(register.model, "area_code") else register.model.code
        return own.startswith(node.code, autoescape=True)
    if isinstance(node, Inside | Near):
        return place_of(register, inside(node.geojson) if isinstance(node, Inside) else near(node))
    if isinstance(node, Words):
        return fits_words(register, node)
    if isinstance(node, Fresh):
        return is_fresh(register, node)
    return _KINDS.get(node.field.kind, _compare)(register, node)


def _compare(register: Register, node: Condition) -> Any:
    column = getattr(register.model, node.field.key)
    if node.op in ("within_days", "older_days"):
        since = datetime.now(UTC) - timedelta(days=node.values[0])
        return column >= since if node.op == "within_days" else column < since
    return _OPS[node.op](column, *node.values) if node.op not in ("in", "all") else column.in_(node.values)


_OPS: dict[str, Any] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column.is_distinct_from(value),
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
    "between": lambda column, low, high: column.between(low, high),
    "starts": lambda column, value: column.startswith(value, autoescape=True),
    "contains": lambda column, value: column.contains(value, autoescape=True),
    "empty": lambda column: column.is_(None),
    "filled": lambda column: column.is_not(None),
}


def _codes(register: Register, node: Condition) -> Any:
    """Codes that the caller may not see are asked for in vain, and count as if they were not there."""
    column = getattr(register.model, node.field.key)
    may_see = register.shown.get(node.field.key, list)
    if node.op in ("empty", "filled"):
        some = sa.and_(_filled(column), column.overlap(sa.cast(may_see(list(names(node.field.codes or ""))), column.type)))
        return some if node.op == "filled" else sa.not_(some)
    seen = may_see(list(node.values))
    if not seen or (node.op == "all" and len(seen) < len(node.values)):
        return sa.false()
    values = sa.cast(seen, column.type)
    return sa.and_(_filled(column), column.contains(values) if node.op == "all" else column.overlap(values))


def _filled(column: Any) -> Any:
    """Said so that the index, which leaves out rows without any code, is known to be enough."""
    return column != sa.literal_column("'{}'")


def _sealed(register: Register, node: Condition) -> Any:
    """A sealed field is found by its fingerprint, whole or not at all."""
    hashed = getattr(register.model, f"{node.field.key}_hash")
    if node.op != "eq":
        return _OPS[node.op](hashed)
    mark = fingerprint(node.values[0])
    return found_by(ResidentKey.phone_hash == mark) if hashed is Resident.phone_hash else hashed == mark


def _age(register: Register, node: Condition) -> Any:
    """Whole years today, asked as birth dates so that their index serves."""
    born, years = register.model.birth_date, [int(value) for value in node.values]
    if not all(0 <= value <= 150 for value in years):
        raise BadQuery("年龄应在 0 到 150 之间。")
    low, high = {
        "eq": (years[0], years[0]),
        "ge": (years[0], None),
        "gt": (years[0] + 1, None),
        "le": (None, years[0]),
        "lt": (None, years[0] - 1),
        "between": (years[0], years[-1]),
    }[node.op]
    parts = []
    if low is not None:
        parts.append(born <= _years_ago(low))
    if high is not None:
        parts.append(born > _years_ago(high + 1))
    return sa.and_(born.is_not(None), *parts)


def _years_ago(years: int) -> date:
    now = today()
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # 29 February
        return now.replace(year=now.year - years, day=28)


def _initials(register: Register, node: Condition) -> Any:
    if not node.values[0].isascii() or not node.values[0].isalnum():
        raise BadQuery("拼音首字母只能是英文字母，如 wxm。")
    return found_by(ResidentKey.initials.startswith(node.values[0].lower(), autoescape=True))


_KINDS = {"codes": _codes, "sealed": _sealed, "age": _age, "initials": _initials}


# -- saved queries and reports


def list_saved(kind: str | None, register: str | None) -> list[SavedQuery]:
    """One's own, and those shared with one's areas."""
    query = sa.select(SavedQuery).where(SavedQuery.retired_at.is_(None), _visible())
    for column, value in ((SavedQuery.kind, kind), (SavedQuery.register, register)):
        if value:
            query = query.where(column == value)
    return list(session().scalars(query.order_by(SavedQuery.name, SavedQuery.id).limit(2 * MOST_SAVED)))


def find_saved(key: int) -> SavedQuery:
    """One that the caller may see."""
    row = session().scalar(sa.select(SavedQuery).where(SavedQuery.id == key, SavedQuery.retired_at.is_(None), _visible()))
    if row is None:
        raise NotFound(f"没有编号为 {key} 的已存查询，或没有共享给您。")
    return row


def save(values: Mapping[str, Any]) -> SavedQuery:
    """Keep a query or report under a name of one's own."""
    who = caller()
    own = sa.and_(_is_mine(), SavedQuery.retired_at.is_(None))
    if (session().scalar(sa.select(sa.func.count()).select_from(SavedQuery).where(own)) or 0) >= MOST_SAVED:
        raise Conflict(f"最多保存 {MOST_SAVED} 个，请先删去不用的。", code="too_many_saved")
    row = SavedQuery(**values, owner=who.name, user_id=who.user_id)
    _check_share(row.area_code)
    session().add(row)
    session().flush()
    return row


def change_saved(key: int, values: Mapping[str, Any]) -> SavedQuery:
    """Change one's own."""
    row = _own(key)
    for name, value in values.items():
        setattr(row, name, value)
    _check_share(row.area_code)
    session().flush()
    return row


def forget_saved(key: int) -> None:
    """Take one's own out of use."""
    _own(key).retired_at = datetime.now(UTC)
    session().flush()


def _own(key: int) -> SavedQuery:
    row, who = find_saved(key), caller()
    if (row.owner, row.user_id) != (who.name, who.user_id):
        raise Forbidden("这是别人共享的查询，只能另存为自己的。", code="not_yours")
    return row


def _check_share(code: str | None) -> None:
    if code is not None and not caller().covers(code):
        raise Forbidden(f"区域 {code} 不在您的数据范围内，不能共享到那里。", code="other_area")


def _is_mine() -> Any:
    who = caller()
    return sa.and_(SavedQuery.owner == who.name, SavedQuery.user_id.is_not_distinct_from(who.user_id))


def _visible() -> Any:
    within = [sa.literal(scope).startswith(SavedQuery.area_code) for scope in caller().scopes]
    return sa.or_(_is_mine(), sa.and_(SavedQuery.area_code.is_not(None), sa.or_(sa.false(), *within)))


def check_columns(register: Register, names: Sequence[str]) -> list[str]:
    """Columns that the register shows; refuses others."""
    shown = {column.key for column in register.columns}
    if unknown := [name for name in names if name not in shown]:
        raise BadRequest(f"没有“{unknown[0][:40]}”这一列，可用：{'、'.join(sorted(shown))}。", code="no_column")
    return list(dict.fromkeys(names))
