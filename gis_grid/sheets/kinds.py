"""Which sheets there are: the columns of each register as offices label them, and what makes two rows the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY

from gis_grid.areas.api import STAFF
from gis_grid.buildings.api import BUILDINGS, ESTATES, ROOMS, UNITS
from gis_grid.people.registers import HOUSEHOLDS, RESIDENTS, VALUABLES
from gis_grid.premises import PREMISES
from gis_grid.premises import STAFF as WORKERS
from gis_grid.register import Register
from gis_grid.register.fields import is_required
from gis_grid.sealed import Sealed

PLACE = {  # where a row belongs; joined to an address and looked for in our buildings
    "estate": ("小区", ("小区名称", "所属小区", "院落", "居住小区")),
    "building": ("楼栋", ("楼号", "楼栋号", "栋号", "幢号", "楼栋名称", "所属楼栋", "楼幢", "几号楼", "幢", "栋")),
    "unit": ("单元", ("单元号", "单元名称", "所属单元", "梯号", "门栋")),
    "room": ("房号", ("门牌号", "室号", "房间号", "户室号", "门号", "房屋号", "室")),
    "address": (
        "详细地址",
        ("地址", "住址", "现住址", "现住地址", "居住地址", "家庭住址", "家庭地址", "居住详址", "房屋地址", "现住门(楼)详址"),
    ),
}
POINT = {
    "lon": ("经度", ("东经", "X", "lng", "longitude"), "十进制度，如 106.5516291；坐标系见导入选项，默认 WGS 84"),
    "lat": ("纬度", ("北纬", "Y", "latitude"), "十进制度，如 29.5630112"),
}
_IGNORED = (
    "序号",
    "编号",
    "社区名称",
    "社区",
    "房屋左起点",
    "房屋上起点",
    "导入结果",
    "原因",
    "原行号",
    "所属网格",
    "网格",
    "常住编号",
    "场所编号",
    "登记时间",
    "更新时间",
    "注销时间",
    "定位方式",
    "核实时间",
    "核实人",
    "核实方式",
    "应复核日期",
)
NUMBER = "person_number"  # the identity number of somebody a row belongs to; shown to nobody


@dataclass(frozen=True)
class Field:
    """One column of a sheet. `column` is the table's; places, the household and the like have none."""

    key: str
    label: str
    synonyms: Sequence[str] = ()
    column: sa.Column[Any] | None = None
    codes: str | None = None
    required: bool = False
    hint: str = ""

    @cached_property
    def is_sealed(self) -> bool:
        return self.key == NUMBER or (self.column is not None and isinstance(self.column.type, Sealed))

    @cached_property
    def is_measured(self) -> bool:
        """A number, a day or a number of a person: where one stands, words for nothing mean an empty cell."""
        measured = sa.Date | sa.DateTime | sa.Integer | sa.Float
        return self.is_sealed or (self.column is not None and not self.codes and isinstance(self.column.type, measured))

    @cached_property
    def is_list(self) -> bool:
        return self.column is not None and isinstance(self.column.type, ARRAY)


@dataclass(frozen=True, eq=False)
class SheetKind:
    """A register as a sheet. `same`: columns that make two rows one, the first set that a row fills counts."""

    register: Register
    names: Sequence[str]  # what the worksheet is called; the first one is ours
    same: Sequence[Sequence[str]]
    links: Sequence[str] = ()  # columns that are found by place or number, not read from cells
    place: Sequence[str] = ()  # which parts of a place this sheet may name
    extra: Mapping[str, tuple[str, Sequence[str], str]] = field(default_factory=dict)  # key -> label, synonyms, hint
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    derived: Sequence[str] = ()  # required columns that are worked out when a file lacks them
    located: bool = False  # rows may bring longitude and latitude of their own
    either: Mapping[str, str] = field(default_factory=dict)  # whose codes a column may hold instead, where that one has no column
    lasting: bool = True  # the first of `same` stays taken when a row is retired

    @property
    def name(self) -> str:
        return self.register.name

    @property
    def fields(self) -> list[Field]:
        """All columns in the order of the template."""
        placed = [Field(key, PLACE[key][0], PLACE[key][1], hint=_PLACE_HINTS.get(key, "")) for key in self.place]
        more = [Field(key, label, words, hint=hint) for key, (label, words, hint) in self.extra.items()]
        own = [self._field(column) for column in self.register.writable if self._is_cell(column)]
        points = [Field(key, label, words, hint=hint) for key, (label, words, hint) in POINT.items()] if self.located else []
        return [*more, *placed, *own, *points]

    def _is_cell(self, column: sa.Column[Any]) -> bool:
        closed = (*self.links, "source_crs", "accuracy_m", "area_code", "placed_by")
        odd = isinstance(column.type, Geometry | sa.JSON | sa.LargeBinary) and not isinstance(column.type, Sealed)
        return not odd and not column.foreign_keys and column.key not in closed

    def _field(self, column: sa.Column[Any]) -> Field:
        codes = self.register.codes.get(column.key)
        needed = is_required(column) and column.key not in self.derived
        return Field(
            column.key, str(column.comment), self.synonyms.get(column.key, ()), column, codes, needed, _HINTS.get(column.key, "")
        )


_PLACE_HINTS = {"address": "可代替前几列：阳光家园3幢2单元501室", "building": "3幢、3号楼或 3", "unit": "只有一个单元时可不填"}
_HINTS = {
    "id_number": "请把整列设为文本格式",
    "phone": "请把整列设为文本格式",
    "birth_date": "2020-01-05；有身份证号可不填",
    "sex": "有身份证号可不填",
    "classes": "可多个，用顿号分开",
}
_HOUSEHOLD = {
    "household_number": ("户籍编号", ("户号", "住户编号", "家庭编号"), "有编号时按编号找户；没有时按住址找户"),
    "head": ("户主姓名", ("户主",), "同一房屋有几户时用来分辨"),
}
_OWNER = {
    NUMBER: ("所有人身份证号", ("身份证号", "身份证号码", "公民身份号码", "证件号码", "所有人证件号码"), "有号码时按号码找人"),
    "person": ("所有人姓名", ("所有人", "姓名", "户主姓名", "财产所有人"), "没有号码时按户籍编号或住址找户，再按姓名找人"),
    "household_number": _HOUSEHOLD["household_number"],
}
_WORKER = {
    "premises_code": ("场所编号", ("编号", "场所编码"), "有编号时按编号找场所"),
    "premises": ("场所名称", ("营业场所", "单位名称", "店名"), "没有编号时按名称找；重名时请填编号"),
    NUMBER: ("身份证号", ("身份证号码", "公民身份号码", "证件号码"), "已登记的居民会与其关联；本表不保存号码"),
}
_AREA = {"area": ("网格编码", ("所属网格", "网格名称", "网格", "负责区域", "负责网格"), "网格编码，或不重名的网格名称")}
KINDS: dict[str, SheetKind] = {
    kind.name: kind
    for kind in (
        SheetKind(
            ESTATES,
            names=("小区", "小区表", "小区信息"),
            same=(("code",),),
            extra={"area": ("网格编码", ("所属网格", "网格名称", "网格"), "没有坐标时按此归属：网格编码，或不重名的网格名称")},
            synonyms={
                "code": ("小区编码", "编号"),
                "name": ("小区", "名称", "院落名称"),
                "address": ("小区地址", "详细地址"),
                "property_company": ("物业", "物业管理公司"),
            },
            derived=("code",),
            located=True,
        ),
        SheetKind(
            BUILDINGS,
            names=("楼栋", "楼栋表", "楼栋信息"),
            same=(("code",),),
            links=("estate_id",),
            place=("estate",),
            synonyms={
                "code": ("楼栋编码", "编号"),
                "name": ("楼号", "楼栋", "楼栋号", "栋号", "幢号", "名称"),
                "address": ("楼栋地址", "详细地址"),
                "use": ("用途",),
                "floors_above": ("层数", "总层数", "楼层数"),
                "floors_below": ("地下层",),
                "height_m": ("高度", "楼高"),
            },
            derived=("code",),
            located=True,
        ),
        SheetKind(
            RESIDENTS,
            names=("常住人口信息表", "居民", "居民表", "人口信息表", "人口信息", "实有人口"),
            same=(("id_number_hash",), ("household_id", "name")),
            lasting=False,
            links=("household_id",),
            place=tuple(PLACE),
            extra=_HOUSEHOLD,
            synonyms={
                "name": ("居民姓名", "人员姓名", "名字"),
                "id_number": ("身份证号", "身份证号码", "公民身份号码", "身份证", "证件号", "公民身份证号码", "身份证件号码"),
                "id_type": ("证件种类", "证件名称"),
                "birth_date": ("出生年月日", "生日", "出生年月", "出生时间"),
                "relation": ("与户主的关系", "户主关系", "家庭关系", "关系"),
                "phone": ("电话", "手机", "手机号", "手机号码", "联系方式", "电话号码", "移动电话"),
                "education": ("文化程度", "受教育程度", "教育程度"),
                "marital": ("婚姻", "婚否"),
                "classes": ("人口类别", "人员类型", "人口类型"),
                "registration": ("户口性质", "户籍类型", "户籍性质"),
                "remark": ("说明", "备注说明"),
            },
        ),
        SheetKind(
            HOUSEHOLDS,
            names=("户籍表", "住户", "住户表", "户"),
            same=(("number",),),
            links=("room_id",),
            place=tuple(PLACE),
            extra={"head": _HOUSEHOLD["head"]},
            synonyms={
                "number": ("户号", "住户编号", "家庭编号"),
                "kind": ("住户类型", "户类型"),
                "registration": ("户口性质", "户籍类型", "户籍性质"),
            },
            either={"registration": "kind"},  # the manual's 户口类型 is 城市 or 农村; offices also write 集体户 there
            derived=("number",),
        ),
        SheetKind(
            ROOMS,
            names=("房屋", "房屋表", "实有房屋"),
            same=(("unit_id", "number"),),
            links=("unit_id", "building_id"),
            place=("estate", "building", "unit"),
            synonyms={
                "number": ("室号", "门牌号", "房间号", "房屋号"),
                "floor": ("层", "所在楼层", "楼层号"),
                "use": ("房屋用途", "使用情况", "房屋性质"),
                "area_m2": ("建筑面积", "面积"),
            },
            derived=("floor", "door"),
        ),
        SheetKind(
            UNITS,
            names=("单元", "单元表"),
            same=(("building_id", "name"),),
            links=("building_id",),
            place=("estate", "building"),
            synonyms={"name": ("单元", "单元号"), "position": ("顺序", "序号")},
            located=True,
        ),
        SheetKind(
            PREMISES,
            names=("营业场所", "营业场所信息表", "场所", "商户", "店铺"),
            same=(("code",),),
            links=("building_id", "room_id", "placed_reason"),
            place=("estate", "building", "unit", "room"),
            synonyms={
                "code": ("编号", "场所编码"),
                "name": ("名称", "店名", "商户名称", "字号名称"),
                "trade": ("类型", "经营范围", "行业类别"),
                "owner": ("法人", "法定代表人", "经营者", "业主"),
                "phone": ("电话", "手机", "联系方式", "联系人电话"),
                "address": ("地址", "详细地址", "经营地址"),
                "credit_code": ("信用代码", "营业执照号"),
            },
            derived=("code",),
        ),
        SheetKind(
            VALUABLES,
            names=("大宗财产", "财产信息表", "大宗财产信息表"),
            same=(("resident_id", "number"), ("resident_id", "name")),
            lasting=False,
            links=("resident_id",),
            place=tuple(PLACE),
            extra=_OWNER,
            synonyms={
                "kind": ("类别", "财产类型"),
                "name": ("名称", "物品名称"),
                "brand": ("品牌", "型号"),
                "number": ("车牌号", "号牌", "编号"),
                "value_yuan": ("价值", "金额", "价格"),
                "bought_on": ("购买日期", "购置时间"),
            },
        ),
        SheetKind(
            WORKERS,
            names=("从业人员", "场所人员", "从业人员信息表"),
            same=(("premises_id", "name"),),
            lasting=False,
            links=("premises_id", "resident_id"),
            extra=_WORKER,
            synonyms={
                "post": ("职务", "工种"),
                "phone": ("电话", "手机", "联系方式"),
                "since": ("入职时间",),
                "until": ("离职时间",),
            },
        ),
        SheetKind(
            STAFF,
            names=("网格队伍", "网格员", "网格队伍表"),
            same=(("area_code", "name", "post"),),
            lasting=False,
            links=("area_code", "user_id"),
            extra=_AREA,
            synonyms={"duty_phone": ("电话", "手机", "联系电话"), "post": ("职务", "岗位分工"), "duty": ("职责",)},
        ),
    )
}


def map_header(kind: SheetKind, header: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """field -> file column: as given ("": none), else of the same label, name or synonym; each column fills one field."""
    by_name: dict[str, str] = {}
    for name in header:
        by_name.setdefault(squeezed(name), name)
    found = {key: column for key, column in given.items() if column in header}
    taken = set(found.values())
    for look in (lambda one: (one.label, one.key), lambda one: one.synonyms):
        for one in kind.fields:
            if one.key in found or given.get(one.key) == "":
                continue
            column = next((by_name[squeezed(word)] for word in look(one) if squeezed(word) in by_name), None)
            if column is not None and column not in taken:
                found[one.key] = column
                taken.add(column)
    return found


def score_for(kind: SheetKind, given: Mapping[str, str]) -> Callable[[Sequence[str]], int]:
    """How many cells of a row are column names of this kind."""
    words = {squeezed(word) for one in kind.fields for word in (one.label, *one.synonyms)} | {
        squeezed(v) for v in given.values() if v
    }
    return lambda row: len({squeezed(str(cell)) for cell in row} & words)


def is_ignored(column: str) -> bool:
    """Columns that our own result sheets and the old manual's tables carry and nobody fills."""
    return column.startswith("第") or column in _IGNORED


def squeezed(name: str) -> str:
    """A column name without blanks, stars, units and remarks in brackets: “*姓 名（必填）” is 姓名."""
    text = name.replace("（", "(").replace("）", ")").split("(")[0] or name
    return "".join(text.split()).strip("*：:").lower()
