"""The SQL side of an import: a temporary table like the target, COPY in, then merge by key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry

from gis_grid.access.guard import scope_patterns
from gis_grid.db import raw_connection, session
from gis_grid.imports.offers import Importable
from gis_grid.imports.report import Report
from gis_grid.sealed import Sealed, unseal

STAGED = "incoming"
LEAST_WRITTEN, MOST_PARTS = 10_000, 20  # rows written at once; into how many parts a large file is divided
_SAME_DEGREES = 1e-9  # 0.1 mm: spreadsheets round the last digits


@dataclass(frozen=True)
class Merge:
    """Which columns of the target this file fills; `columns` without the key."""

    importable: Importable
    columns: Sequence[str]
    keep_blank: bool = False  # an empty cell leaves what is on record
    fills: Sequence[str] = ()  # columns worked out from others: they fill what is empty, and overwrite nothing

    @property
    def table(self) -> str:
        return str(self.importable.model.__tablename__)

    @property
    def key(self) -> str:
        return self.importable.key


def make_stage(merge: Merge) -> None:
    """The empty temporary table, gone with the transaction."""
    names = ", ".join(_quoted((merge.key, *merge.columns)))
    session().execute(sa.text(f"DROP TABLE IF EXISTS {STAGED}"))
    session().execute(
        sa.text(f"CREATE TEMP TABLE {STAGED} ON COMMIT DROP AS SELECT 0::bigint AS row_no, {names} FROM {merge.table} LIMIT 0")
    )


def copy_rows(merge: Merge, rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows (row_no, key, *columns) in; shapes as hex EWKB."""
    names = ", ".join(_quoted(("row_no", merge.key, *merge.columns)))
    with raw_connection().cursor() as cursor, cursor.copy(f"COPY {STAGED} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def merge_rows(merge: Merge, report: Report) -> None:
    """Refuse doubles and what the caller may not touch, then update what differs and insert what is new."""
    refuse_rows(merge, report)
    forget_known_numbers(merge)
    write_rows(merge, report)


def write_rows(merge: Merge, report: Report, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Update what differs and insert what is new, part by part so that progress is told; the rest is unchanged."""
    total, last = session().execute(sa.text(f"SELECT count(*), coalesce(max(row_no), 0) FROM {STAGED}")).one()
    step = max(LEAST_WRITTEN, -(-last // MOST_PARTS))
    for begin in range(0, last + 1, step):
        part = {"begin": begin, "end": begin + step}
        report.counts["updated"] += _update(merge, part)
        report.counts["inserted"] += _insert(merge, part)
        progress(min(begin + step, last), last)
    report.counts["unchanged"] = total - report.counts["updated"] - report.counts["inserted"]


def refuse_rows(merge: Merge, report: Report) -> None:
    """Take doubles, others' rows and retired ones out of the stage, each with its reason."""
    session().execute(sa.text(f"CREATE INDEX ON {STAGED} ({merge.key})"))
    session().execute(sa.text(f"ANALYZE {STAGED}"))
    _refuse(merge, report, _DOUBLES, "与第 {other} 行编号重复")
    _refuse(merge, report, _FOREIGN, "同一编号的现有记录不在您的数据范围内", scope=scope_patterns())
    _refuse(merge, report, _RETIRED, "同一编号的记录已注销")


def forget_known_numbers(merge: Merge) -> None:
    """Sealed values without a fingerprint beside them are opened and compared: the same number again is no change."""
    for name in _unmarked(merge):
        query = (
            f'SELECT i.row_no, i."{name}" AS said, t."{name}" AS known FROM {STAGED} i '
            f'JOIN {merge.table} t ON t.{merge.key} = i.{merge.key} WHERE i."{name}" IS NOT NULL AND t."{name}" IS NOT NULL'
        )
        rows = session().execute(sa.text(query)).all()
        same = [row.row_no for row in rows if unseal(bytes(row.said)) == unseal(bytes(row.known))]
        session().execute(sa.text(f'UPDATE {STAGED} SET "{name}" = NULL WHERE row_no = ANY(:rows)'), {"rows": same})


def _unmarked(merge: Merge) -> list[str]:
    """Sealed columns of this file that have no fingerprint beside them."""
    columns = merge.importable.model.__table__.c
    return [name for name in merge.columns if isinstance(columns[name].type, Sealed) and f"{name}_hash" not in columns]


def outcomes(merge: Merge) -> dict[int, str]:
    """What would become of each staged row: row -> new, changed or same."""
    text = f"""
    SELECT i.row_no, CASE WHEN t.{merge.key} IS NULL THEN 'new' WHEN {differing(merge)} THEN 'changed' ELSE 'same' END
    FROM {STAGED} i LEFT JOIN {merge.table} t ON t.{merge.key} = i.{merge.key}
    """
    return {row: outcome for row, outcome in session().execute(sa.text(text))}


_DOUBLES = """
DELETE FROM {staged} i USING (
  SELECT row_no, {key}, first_value(row_no) OVER (PARTITION BY {key} ORDER BY row_no) AS other FROM {staged}
) d WHERE d.row_no = i.row_no AND d.other < i.row_no RETURNING i.row_no, i.{key} AS key, d.other
"""
_FOREIGN = """
DELETE FROM {staged} i USING {table} t
WHERE t.{key} = i.{key} AND NOT coalesce(t.area_code LIKE ANY(:scope), '%' = ANY(:scope))
RETURNING i.row_no, i.{key} AS key, 0 AS other
"""
_RETIRED = """
DELETE FROM {staged} i USING {table} t
WHERE t.{key} = i.{key} AND t.retired_at IS NOT NULL RETURNING i.row_no, i.{key} AS key, 0 AS other
"""


def _refuse(merge: Merge, report: Report, query: str, reason: str, **values: Any) -> None:
    text = query.format(staged=STAGED, table=merge.table, key=merge.key)
    for row_no, key, other in session().execute(sa.text(text), values):
        report.refuse(row_no, merge.key, key, reason.format(other=other))


def _update(merge: Merge, part: Mapping[str, int]) -> int:
    """Rows that differ are updated and their old values kept in the audit log."""
    table = merge.importable.model.__table__
    compared = [name for name in merge.columns if not isinstance(table.c[name].type, Sealed)]
    differs = differing(merge)
    sets = ", ".join(f'"{name}" = {_new(name, merge)}' for name in merge.columns)
    plain = [name for name in compared if not isinstance(table.c[name].type, Geometry | sa.LargeBinary)]
    before, after = _json_of(plain, lambda name: f't."{name}"'), _json_of(plain, lambda name: _new(name, merge))
    text = f"""
    WITH changed AS (
      SELECT t.{table.primary_key.columns[0].key} AS id, t.area_code, {before} AS before, {after} AS after, t.version, i.row_no
      FROM {STAGED} i JOIN {merge.table} t ON t.{merge.key} = i.{merge.key}
      WHERE i.row_no >= :begin AND i.row_no < :end AND ({differs})
    ), kept AS (
      INSERT INTO audit_log (actor, actor_kind, user_id, action, target, key, area_code, before, after, version, request_id)
      SELECT :actor, :actor_kind, :user_id, 'change', :target, id::text, area_code, before, after, version + 1, :request_id
      FROM changed
    ), done AS (
      UPDATE {merge.table} t SET {sets}, updated_at = now(), version = t.version + 1
      FROM {STAGED} i JOIN changed c ON c.row_no = i.row_no WHERE t.{merge.key} = i.{merge.key}
      RETURNING 1
    )
    SELECT count(*) FROM done
    """
    return int(session().scalar(sa.text(text), {**_actor(merge), **part}) or 0)


def _insert(merge: Merge, part: Mapping[str, int]) -> int:
    names = ", ".join(_quoted((merge.key, *merge.columns)))
    values = ", ".join(_value(name, merge.importable.model.__table__.c[name]) for name in (merge.key, *merge.columns))
    text = f"""
    WITH done AS (
      INSERT INTO {merge.table} ({names}) SELECT {values} FROM {STAGED} i
      WHERE i.row_no >= :begin AND i.row_no < :end
        AND NOT EXISTS (SELECT 1 FROM {merge.table} t WHERE t.{merge.key} = i.{merge.key}) ORDER BY row_no
      RETURNING 1
    )
    SELECT count(*) FROM done
    """
    return int(session().scalar(sa.text(text), part) or 0)


def differing(merge: Merge) -> str:
    """The condition under which a staged row i says something else than its row t."""
    table = merge.importable.model.__table__
    compared = [name for name in merge.columns if not isinstance(table.c[name].type, Sealed)]
    sealed = [f'i."{name}" IS NOT NULL' for name in _unmarked(merge)]  # those that are the same were forgotten
    return " OR ".join([*(_differs(name, merge) for name in compared), *sealed]) or "false"


def _differs(name: str, merge: Merge) -> str:
    cast = "::bytea" if isinstance(merge.importable.model.__table__.c[name].type, Geometry) else ""
    return f't."{name}"{cast} IS DISTINCT FROM ({_new(name, merge)}){cast}'


def _new(name: str, merge: Merge) -> str:
    """What was given to a grid by hand stays there, whatever position a file brings."""
    if name in ("area_code", "placed_by") and "placed_by" in merge.importable.model.__table__.c:
        return f'CASE WHEN t.placed_by = \'manual\' THEN t."{name}" ELSE i."{name}" END'
    if merge.keep_blank and name in ("point", "source_crs") and "point" in merge.columns:
        same = f"ST_DWithin(i.point, t.point, {_SAME_DEGREES})"
        return f'CASE WHEN {same} THEN t."{name}" ELSE coalesce(i."{name}", t."{name}") END'
    if name in _unmarked(merge):
        return f'coalesce(i."{name}", t."{name}")'
    if name in merge.fills:
        return f'coalesce(t."{name}", i."{name}")'
    return f'coalesce(i."{name}", t."{name}")' if merge.keep_blank else f'i."{name}"'


def _value(name: str, column: sa.Column[Any]) -> str:
    """What a new row gets: the column's default where it must have a value and the file says nothing."""
    default = column.server_default
    if column.nullable or not isinstance(default, sa.DefaultClause):
        return f'i."{name}"'
    text = default.arg if isinstance(default.arg, str) else str(default.arg)
    literal = f"'{text}'" if isinstance(default.arg, str) else text
    return f'coalesce(i."{name}", {literal})'


def _json_of(names: Sequence[str], value: Callable[[str], str]) -> str:
    pairs = ", ".join(f"'{name}', {value(name)}" for name in names)
    return f"jsonb_build_object({pairs})"


def _actor(merge: Merge) -> dict[str, Any]:
    from gis_grid.access.guard import caller
    from gis_grid.audit import request_id

    who = caller()
    return {
        "actor": who.name,
        "actor_kind": who.kind,
        "user_id": who.user_id,
        "target": merge.importable.name,
        "request_id": request_id.get(),
    }


def _quoted(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]
