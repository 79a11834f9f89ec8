"""What each kind of row still needs once its cells are read: who it belongs to, its area, what a number tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gis_grid.errors import GridError
from gis_grid.imports.rules import derived_key
from gis_grid.people.actions import RESIDENT_ID, place_of
from gis_grid.people.classes import check_class
from gis_grid.people.rules import birth_fault, phone_fault, read_id_number
from gis_grid.premises import read_credit_code
from gis_grid.sealed import fingerprint, normal, tail_mark
from gis_grid.sheets.homes import Homes, Unresolved, place_text
from gis_grid.sheets.kinds import NUMBER

Values = dict[str, Any]
FROM_NUMBER = ("birth_date", "sex", "native_place", "birth_place")  # what an identity number tells


@dataclass(frozen=True)
class Finish:
    """`more`: columns that rows get beyond their cells; `finish` fills them, or raises Unresolved."""

    finish: Callable[[Values, Homes, date], Values]
    more: Sequence[str]
    if_given: Mapping[str, Sequence[str]]  # a column of the file -> what it also fills

    def columns(self, own: Sequence[str]) -> list[str]:
        return [*self.more, *(name for key in own for name in self.if_given.get(key, ()))]


def _resident(row: Values, homes: Homes, today: date) -> Values:
    row["household_id"], row["area_code"] = homes.household(row)
    row["placed_by"] = "room"
    if number := row.get("id_number"):
        _take_number(row, normal(number), homes, today)
    _take_phone(row)
    if row.get("birth_date") and (fault := birth_fault(row["birth_date"], today)):
        raise Unresolved("birth_date", fault)
    for code in row.get("classes") or ():
        if code not in homes.classes:
            homes.classes[code] = _class_fault(code)
        if fault := homes.classes[code]:
            raise Unresolved("classes", fault)
    return row


def _class_fault(code: str) -> str | None:
    """Why this class may not be given here, if so."""
    try:
        check_class(code)
    except GridError as refused:
        return refused.detail
    return None


def _take_number(row: Values, number: str, homes: Homes, today: date) -> None:
    row["id_number"], row["id_number_hash"] = number, fingerprint(number)
    row["id_number_tail"] = tail_mark("id_number", number)
    if (row.get("id_type") or RESIDENT_ID) != RESIDENT_ID:
        return
    try:
        told = read_id_number(number, today)
    except ValueError as fault:
        raise Unresolved("id_number", str(fault)) from None
    row["birth_date"] = row.get("birth_date") or told.birth_date
    row["sex"] = row.get("sex") or told.sex
    if number[:6] not in homes.issued:
        homes.issued[number[:6]] = place_of(number)
    for key in ("native_place", "birth_place"):
        row[key] = row.get(key) or homes.issued[number[:6]]


def _take_phone(row: Values) -> None:
    if phone := row.get("phone"):
        if fault := phone_fault(phone):
            raise Unresolved("phone", fault)
        row["phone"] = normal(phone)
        row["phone_hash"] = fingerprint(phone)
        row["phone_tail"] = tail_mark("phone", phone)


def _household(row: Values, homes: Homes, today: date) -> Values:
    known = homes.by_number.get(str(row.get("number")))
    if known and not place_text(row):
        row.update(room_id=known.room_id, area_code=known.area_code, placed_by="room")
        return row
    room = homes.place(row, "room")
    there = homes.by_room.get(room.room_id or 0, [])
    if not row.get("number"):
        if len(there) > 1:
            raise Unresolved("number", f"该房屋有 {len(there)} 户：{'、'.join(one.number for one in there[:5])}。请填写户籍编号")
        row["number"] = there[0].number if there else f"R{room.room_id}"
    row.update(room_id=room.room_id, area_code=room.area_code, placed_by="room")
    return row


def _estate(row: Values, homes: Homes, today: date) -> Values:
    known = homes.sites.estate(row)
    if "point" not in row:
        if known is not None:
            row.update(area_code=known.area_code, placed_by=known.placed_by)
        elif row.get("area"):
            row.update(area_code=_area_said(row, homes), placed_by="manual")
        else:
            raise Unresolved("lon", "新小区须填写经度、纬度，或网格编码")
    row["code"] = row.get("code") or (known.code if known else homes.sites.new_estate_code(row))
    return row


def _building(row: Values, homes: Homes, today: date) -> Values:
    estate = homes.place({"estate": row["estate"]}, "estate") if row.get("estate") else None
    row["estate_id"] = estate.estate_id if estate else None
    if not row.get("code") and not row.get("name"):
        raise Unresolved("name", "楼栋编号和楼栋名称至少填写一个")
    known = homes.sites.building(row)
    if known is not None and estate is None:
        row["estate_id"] = known.estate_id
    if "point" not in row:
        if known is None:
            raise Unresolved("lon", "新楼栋须填写经度、纬度（入口或楼内一点）")
        row.update(area_code=known.area_code, placed_by=known.placed_by)
    code = homes.sites.code_of(row["estate_id"]) if row["estate_id"] else None
    row["code"] = row.get("code") or (known.code if known else homes.sites.new_building_code(row, code))
    return row


def _room(row: Values, homes: Homes, today: date) -> Values:
    number = row["number"]
    place = homes.place({key: row.get(key) for key in ("estate", "building", "unit")}, "unit")
    row.update(building_id=place.building_id, unit_id=place.unit_id, area_code=place.area_code, placed_by="unit")
    if row.get("floor") is None or row.get("door") is None:
        told = re.fullmatch(r"([1-9]\d?)(\d{2})[A-Z]?", str(number))
        if told is None:
            raise Unresolved("floor", "从房号看不出楼层和户号，请填写")
        row["floor"] = row.get("floor") if row.get("floor") is not None else int(told[1])
        row["door"] = row.get("door") if row.get("door") is not None else int(told[2])
    if row["floor"] == 0:
        raise Unresolved("floor", "没有 0 层：地下为 -1、-2，地上从 1 开始")
    if fault := homes.storeys.fault(row):
        raise Unresolved("floor", fault)
    return row


def _unit(row: Values, homes: Homes, today: date) -> Values:
    place = homes.place({key: row.get(key) for key in ("estate", "building")}, "building")
    row["building_id"] = place.building_id
    if "point" not in row:
        there = homes.sites.unit(place.building_id or 0, row["name"])
        row["area_code"], row["placed_by"] = there or (place.area_code, "building")
    return row


def _premises(row: Values, homes: Homes, today: date) -> Values:
    place = homes.place(row, "building")
    row.update(building_id=place.building_id, room_id=place.room_id, area_code=place.area_code)
    row["placed_by"] = "room" if place.room_id else "building"
    row["code"] = row.get("code") or derived_key(str(place.building_id).encode(), row, ("name", "room_id"))
    if row.get("credit_code"):
        try:
            row["credit_code"] = read_credit_code(row["credit_code"])
        except ValueError as wrong:
            raise Unresolved("credit_code", str(wrong)) from None
    if (phone := row.get("phone")) and (fault := phone_fault(phone)):
        raise Unresolved("phone", fault)
    return row


def _valuable(row: Values, homes: Homes, today: date) -> Values:
    row["resident_id"], row["area_code"] = homes.people.owner(row, homes)
    row["placed_by"] = "room"
    if (row.get("value_yuan") or 0) < 0:
        raise Unresolved("value_yuan", "价值不能为负数")
    if row.get("bought_on") and row["bought_on"] > today:
        raise Unresolved("bought_on", "购置日期在将来")
    return row


def _worker(row: Values, homes: Homes, today: date) -> Values:
    row["premises_id"], row["area_code"] = homes.people.shop(row)
    row["placed_by"] = "premises"
    row["resident_id"] = homes.people.by_number(row.get(NUMBER))
    if row.get("since") and row.get("until") and row["until"] < row["since"]:
        raise Unresolved("until", "离职日期早于入职日期")
    if (phone := row.get("phone")) and (fault := phone_fault(phone)):
        raise Unresolved("phone", fault)
    return row


def _staff(row: Values, homes: Homes, today: date) -> Values:
    row["area_code"] = _area_said(row, homes)
    return row


def _area_said(row: Values, homes: Homes) -> str:
    said = str(row.get("area") or "")
    fitting = [said] if said in homes.known.areas else [code for code, name in homes.known.areas.items() if name == said]
    if len(fitting) != 1:
        why = f"有 {len(fitting)} 个同名网格，请填网格编码" if fitting else "没有这个网格，或不在您的数据范围内"
        raise Unresolved("area", why if said else "网格编码不能为空")
    return fitting[0]


_PLACED = ("area_code", "placed_by")
_POINT = {"lon": ("point", "source_crs")}
FINISH: dict[str, Finish] = {
    "estates": Finish(_estate, ("code", *_PLACED), {"lon": ("point",)}),
    "buildings": Finish(_building, ("code", "estate_id", *_PLACED), _POINT),
    "valuables": Finish(_valuable, ("resident_id", *_PLACED), {}),
    "premises_staff": Finish(_worker, ("premises_id", "resident_id", *_PLACED), {}),
    "residents": Finish(
        _resident,
        ("household_id", *_PLACED),
        {"id_number": ("id_number_hash", "id_number_tail", *FROM_NUMBER), "phone": ("phone_hash", "phone_tail")},
    ),
    "households": Finish(_household, ("number", "room_id", *_PLACED), {"registration": ("kind",)}),
    "rooms": Finish(_room, ("unit_id", "building_id", "floor", "door", *_PLACED), {}),
    "units": Finish(_unit, ("building_id", *_PLACED), {"lon": ("point",)}),
    "premises": Finish(_premises, ("code", "building_id", "room_id", *_PLACED), {}),
    "staff": Finish(_staff, ("area_code",), {}),
}
