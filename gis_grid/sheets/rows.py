"""Rows of a sheet as rows of a table: converted, placed, sealed; every fault of a row is told beside its cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from gis_grid.access.guard import caller
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.dictionary import active_names, own_synonyms
from gis_grid.errors import Invalid
from gis_grid.geo import crs
from gis_grid.imports.actions import UNDECLARED
from gis_grid.imports.offers import Options
from gis_grid.imports.report import Report
from gis_grid.imports.rules import to_value
from gis_grid.sealed import Sealed, seal
from gis_grid.sheets.cells import (
    Codes,
    is_blank,
    is_nothing,
    kept_text,
    plain_text,
    to_amount,
    to_day,
    to_degrees,
    to_number_text,
)
from gis_grid.sheets.finish import FINISH
from gis_grid.sheets.homes import CARRIED, Homes, Unresolved, carry_building, carry_down
from gis_grid.sheets.kinds import KINDS, POINT, Field, SheetKind, is_ignored, map_header, score_for
from gis_grid.sheets.read import Table
from gis_grid.sheets.sites import locate_rows

_SEPARATORS = str.maketrans(dict.fromkeys("、,，;；/|", " "))


class SheetReader:
    """Turns lines of a table into rows for COPY, refusing what cannot be taken."""

    def __init__(self, kind: SheetKind, table: Table, options: Options, report: Report) -> None:
        self.kind, self.table, self.report = kind, table, report
        self.zone = ZoneInfo(settings().time_zone)
        self.today = today()
        self.fields = {one.key: one for one in kind.fields}
        self._check_given(options.columns)
        self.mapping = map_header(kind, table.header, options.columns)
        self._check_mapping()
        at = {name: i for i, name in enumerate(table.header)}
        self.cells = [(self.fields[key], at[column]) for key, column in self.mapping.items()]
        told = [*self.mapping, *(other for key, other in kind.either.items() if key in self.mapping)]
        lists = {key: codes for key in told if (codes := self.fields[key].codes)}
        self.codes = {key: Codes(name, active_names(name), own_synonyms(name)) for key, name in lists.items()}
        self.sealed = {name for name, column in kind.register.model.__table__.c.items() if isinstance(column.type, Sealed)}
        self.told: dict[tuple[str, str], Any] = {}  # what words of code fields were found to mean
        self.homes = Homes()
        self.datum = self._datum(options)
        self.last: dict[str, Any] = {}
        self.last_building: dict[str, Any] = {}
        self.carried: dict[int, dict[str, Any]] = {}  # row -> column -> what it took from the row above
        report.mapping = self.mapping
        unused = [name for name in table.header if name not in self.mapping.values() and not is_ignored(name)]
        if unused:
            report.warnings.append(f"以下列没有用到：{'、'.join(unused)[:300]}")

    @property
    def columns(self) -> list[str]:
        """The target's columns that rows fill, without the key."""
        own = [one.key for one, _ in self.cells if one.column is not None]
        return list(dict.fromkeys([*own, *FINISH[self.kind.name].columns([one.key for one, _ in self.cells])]))

    def read(self, lines: Sequence[tuple[int, list[Any]]]) -> Iterator[Sequence[Any]]:
        """Rows (row_no, no key yet, *columns) that can be taken."""
        rows = [(row_no, self.values(row_no, cells)) for row_no, cells in lines]
        for at, fault in locate_rows([values for _, values in rows], self.datum).items():
            if rows[at][0] not in self.report.faults:  # a faulty cell is told already
                self.refuse(rows[at][0], "lon", None, fault)
        if "building" in self.kind.place:
            own = "room" if "room" in self.kind.place else self.kind.same[0][-1]
            self.last_building = carry_building([values for _, values in rows], self.last_building, self.homes, own)
        self.last = carry_down([values for _, values in rows], self.last, self.homes)
        self._note_carried(lines, rows)
        self.homes.look_up([self._place_in(values) for _, values in rows])
        columns = self.columns
        sealed = [at for at, name in enumerate(columns) if name in self.sealed]
        for row_no, values in rows:
            if row_no in self.report.faults:
                continue
            staged = self.finished(row_no, values)
            if staged is not None:
                cells = [staged.get(name) for name in columns]
                for at in sealed:
                    if cells[at] is not None:
                        cells[at] = seal(str(cells[at]))
                yield (row_no, None, *cells)
        self.homes.keep_new()

    def _note_carried(self, lines: Sequence[tuple[int, list[Any]]], rows: Sequence[tuple[int, dict[str, Any]]]) -> None:
        """Refused, a row leaves the sheet it stood in: what it took from the row above must go with it."""
        places = [(one.key, self.mapping[one.key], at) for one, at in self.cells if one.key in CARRIED]
        for (row_no, cells), (_, values) in zip(lines, rows, strict=True):
            said = [at < len(cells) and not is_blank(cells[at]) for _, _, at in places]
            taken = {name: values[key] for (key, name, _), own in zip(places, said, strict=True) if values.get(key) and not own}
            if taken:
                self.carried[row_no] = taken

    def values(self, row_no: int, cells: Sequence[Any]) -> dict[str, Any]:
        """field -> value of the cells that are not blank; faulty cells are refused."""
        values: dict[str, Any] = {}
        for one, at in self.cells:
            cell = cells[at] if at < len(cells) else None
            if is_blank(cell) or (one.is_measured and is_nothing(cell)):
                if one.required:
                    self.refuse(row_no, one.key, cell, f"{one.label}不能为空")
                continue
            try:
                values[one.key] = self.value(one, cell)
            except ValueError as fault:
                if (other := self._instead(one, cell)) is not None:
                    values[other.key] = self.value(other, cell)
                else:
                    self.refuse(row_no, one.key, cell, str(fault))
        return values

    def _instead(self, one: Field, cell: Any) -> Field | None:
        """The field whose code stands in this column, when it has none of its own."""
        other = self.kind.either.get(one.key)
        if other is None or other in self.mapping or self.codes[other].find(cell) is None:
            return None
        return self.fields[other]

    def value(self, one: Field, cell: Any) -> Any:
        """One cell as the field's value; ValueError tells the fault."""
        if one.codes:
            return self._codes(one, cell)
        if one.key in POINT:
            return to_degrees(cell)
        if one.column is None and not one.is_sealed:
            return kept_text(cell)
        if one.is_sealed:
            text = to_number_text(cell)
            if "*" in text:
                raise ValueError("是脱敏后的号码，不能导入；不改此项请清空")
            return text
        assert one.column is not None  # noqa: S101  all others were answered above
        if one.is_list:
            return plain_text(cell).translate(_SEPARATORS).split()
        if isinstance(one.column.type, sa.Date) and not isinstance(one.column.type, sa.DateTime):
            return to_day(cell)
        if isinstance(one.column.type, sa.String):
            cell = kept_text(cell)
        elif isinstance(one.column.type, sa.Integer | sa.Float):
            cell = to_amount(cell)
        return to_value(cell, one.column, self.zone)

    def _codes(self, one: Field, cell: Any) -> Any:
        told = (one.key, cell)
        if isinstance(cell, str) and told in self.told:
            return self.told[told]
        words = plain_text(cell).translate(_SEPARATORS).split() if one.is_list else [cell]
        found = [self.codes[one.key].find(word) for word in words]
        if None in found:
            wrong = str(words[found.index(None)])[:20]
            raise ValueError(f"“{wrong}”不是“{one.label}”代码表中的代码或名称")
        if one.is_list:
            return list(dict.fromkeys(found))
        if isinstance(cell, str):
            self.told[told] = found[0]
        return found[0]

    def finished(self, row_no: int, values: dict[str, Any]) -> dict[str, Any] | None:
        """The row with all that is worked out; None when it was refused."""
        try:
            staged = FINISH[self.kind.name].finish(dict(values), self.homes, self.today)
        except Unresolved as fault:
            self.refuse(row_no, fault.field, values.get(fault.field), str(fault))
            return None
        if not caller().covers(staged.get("area_code")):
            self.refuse(row_no, "address", "", "不在您的数据范围内")
            return None
        return staged

    def refuse(self, row_no: int, key: str, cell: Any, reason: str) -> None:
        """A fault of one cell; sealed values never reach a report."""
        one = self.fields.get(key)
        shown = "（略）" if one is not None and one.is_sealed and cell else cell
        column = self.mapping.get(key) or (one.label if one else key)
        self.report.refuse(row_no, column, shown, reason)

    def _place_in(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """What of a row tells where it belongs; the address of an estate or a building is no place to look for."""
        if "building" in self.kind.place:
            return values
        return {key: values[key] for key in (*self.kind.place, "household_number") if key in values}

    def _datum(self, options: Options) -> str:
        """What the coordinates are in: as declared, otherwise WGS 84, which is said."""
        if options.crs:
            return crs.datum(options.crs).name
        if "lon" in self.mapping:
            self.report.warnings.append(UNDECLARED)
        return "EPSG:4326"

    def _likelier(self) -> str:
        """Which other sheet this header fits better, as a hint."""
        own = score_for(self.kind, {})(self.table.header)
        others = {kind.register.title: score_for(kind, {})(self.table.header) for kind in KINDS.values()}
        best = max(others, key=lambda title: others[title])
        return f"看起来像“{best}”表，" if others[best] > max(own, 1) else ""

    def _check_given(self, given: Mapping[str, str]) -> None:
        for key, column in given.items():
            if key not in self.fields:
                raise Invalid(f"没有“{key[:40]}”这个字段，可用：{'、'.join(self.fields)}。", code="no_field")
            if column and column not in self.table.header:
                raise Invalid(f"表中没有“{column[:40]}”这一列，现有：{'、'.join(self.table.header)[:200]}。", code="no_column")

    def _check_mapping(self) -> None:
        missing = [one.label for one in self.fields.values() if one.required and one.key not in self.mapping]
        if not self.mapping or missing:
            wanted = "、".join(missing) or "、".join(one.label for one in list(self.fields.values())[:8])
            raise Invalid(
                f"这不像“{self.kind.register.title}”表：缺少“{wanted}”列"
                f"（工作表“{self.table.name}”第 {self.table.header_row} 行为表头）。"
                f"表中的列：{'、'.join(self.table.header)[:200]}。{self._likelier()}请用模板，或指明列的对应。",
                code="missing_column",
            )
