"""What a register can be counted by: codes, truths, ages, dates by period, and a few texts; and how their values are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.dictionary import names
from gis_grid.errors import BadRequest
from gis_grid.query.registers import fields_of
from gis_grid.query.rules import Asked
from gis_grid.register import Register
from gis_grid.stats.rules import BAND_YEARS, COARSE, LAST_BAND, PERIODS, band_label, filled, period_label

MOST_FIELDS = 2
FREE_TEXT = {("premises", "trade"), ("events", "category"), ("events", "source")}  # few enough different words to be counted by
_DATED = ("day", "moment")
_COUNTABLE = ("code", "codes", "truth", "age", *_DATED)
_NOT_BY = ("placed_by", "pin_locked", "created_at", "updated_at", "retired_at", "version")


@dataclass(frozen=True)
class Counted:
    """One field of a count. `period` only for dates: the first of PERIODS the address names after a dot."""

    asked: Asked
    period: str | None = None

    @property
    def key(self) -> str:
        return f"{self.asked.key}.{self.period}" if self.period else self.asked.key

    @property
    def label(self) -> str:
        return f"{self.asked.label}（{PERIODS[self.period][0]}）" if self.period else self.asked.label

    @property
    def is_many(self) -> bool:
        """Whether one row may have several values, so that the cells do not add up to the rows."""
        return self.asked.kind == "codes"


def countable(register: Register) -> dict[str, Asked]:
    """Every field the register can be counted by, in the table's order."""
    return {
        key: one
        for key, one in fields_of(register).items()
        if (one.kind in _COUNTABLE or (register.name, key) in FREE_TEXT) and key not in _NOT_BY
    }


def periods_of(one: Asked, *, coarse: bool = False) -> list[str]:
    """Into which periods a date can be put; none for other fields. `coarse`: for who may not read people."""
    if one.kind not in _DATED:
        return []
    return [name for name in (COARSE if coarse else PERIODS) if name != "hour" or one.kind == "moment"]


def counted_fields(register: Register, by: Sequence[str], *, coarse: bool = False) -> list[Counted]:
    """The fields of these keys (reported_at.month); BadRequest names what cannot be counted by."""
    known = countable(register)
    if len(by) > MOST_FIELDS or len(set(by)) < len(by):
        raise BadRequest(f"最多按 {MOST_FIELDS} 个不同的字段统计。", code="too_many_fields")
    found = []
    for key in by:
        name, _, period = key.partition(".")
        periods = periods_of(known[name], coarse=coarse) if name in known else []
        if name not in known or (period and period not in periods):
            also = "；日期只能按年" if coarse else ""
            raise BadRequest(f"不能按“{key[:40]}”统计，可用：{'、'.join(known)}{also}。", code="no_field")
        usual = "month" if "month" in periods else next(iter(periods), None)
        found.append(Counted(known[name], period or usual))
    return found


def value_of(register: Register, one: Counted) -> Any:
    """The SELECT's column of a field's values: codes, the lower end of an age band, a period as text."""
    column = getattr(register.model, "birth_date" if one.asked.kind == "age" else one.asked.key)
    if one.is_many:
        seen = register.shown.get(one.key, list)(list(names(one.asked.codes or "")))
        kept: Any = sa.select(sa.func.array_agg(sa.column("c"))).select_from(sa.func.unnest(column).alias("c"))
        return sa.func.unnest(kept.where(sa.column("c").in_(seen)).scalar_subquery())
    if one.period:
        local = sa.func.timezone(settings().time_zone, column) if one.asked.kind == "moment" else column
        return sa.func.to_char(local, PERIODS[one.period][1])
    if one.asked.kind != "age":
        return column
    years = sa.func.date_part("year", sa.func.age(today(), column))
    band = sa.cast(sa.func.least(sa.func.floor(years / BAND_YEARS) * BAND_YEARS, LAST_BAND), sa.Integer)
    return sa.case((column.is_(None), sa.null()), else_=band)  # least() passes over what is not known


def label_of(one: Counted) -> Callable[[Any], str]:
    """How a value of this field is called."""
    if one.period:
        period = one.period
        return lambda value: period_label(period, value)
    if one.asked.kind == "age":
        return band_label
    if one.asked.kind == "truth":
        return lambda value: "未填" if value is None else "是" if value else "否"
    known = names(one.asked.codes) if one.asked.codes else {}
    return lambda value: "未填" if value is None else known.get(value, value)


def in_order(one: Counted, values: set[Any]) -> list[Any]:
    """Values as people expect them: dictionaries in their order, ages and time from the first on without gaps, unknown last."""
    told = [value for value in values if value is not None]
    if one.period:
        ordered: list[Any] = filled(one.period, told)
    elif one.asked.kind == "age":
        ordered = list(range(min(told), max(told) + 1, BAND_YEARS)) if told else []
    elif one.asked.codes:
        known = list(names(one.asked.codes))
        ordered = sorted(told, key=lambda value: (known.index(value) if value in known else len(known), str(value)))
    else:
        ordered = sorted(told, key=str)
    return [*ordered, None] if None in values else ordered
