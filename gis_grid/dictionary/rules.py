"""What must hold in a code table; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# the program itself asks for these codes: they may be called otherwise, but none may go or come
FIXED = frozenset(
    {
        "area_level",
        "area_kind",
        "event_status",
        "home_change",
        "household_kind",
        "left_why",
        "placed_by",
        "valuable_kind",
        "verify_how",
        "visit_result",
    }
)

TITLES = {
    "area_kind": "网格性质",
    "area_level": "区域层级",
    "building_use": "建筑用途",
    "city": "地级行政区划",
    "component_class": "部件大类",
    "county": "县级行政区划",
    "education": "学历",
    "employment": "从业状况",
    "ethnic": "民族",
    "event_category": "事件小类",
    "event_class": "事件大类",
    "event_status": "事件状态",
    "health": "健康状况",
    "home_change": "住户变动",
    "household_flag": "住户标记",
    "household_kind": "户别",
    "id_document": "证件类型",
    "left_why": "离开原因",
    "marital": "婚姻状况",
    "nationality": "国籍（地区）",
    "placed_by": "定位方式",
    "political": "政治面貌",
    "post": "网格岗位",
    "province": "省级行政区划",
    "registration_kind": "户口类型",
    "relation": "与户主关系",
    "resident_class": "人员类别",
    "sex": "性别",
    "urban_rural_class": "城乡分类",
    "valuable_kind": "贵重物品类别",
    "verify_how": "核实方式",
    "visit_result": "走访结果",
}


def entry_fault(name: str, synonyms: Sequence[str], others: Mapping[str, Sequence[str]]) -> str | None:
    """None for words that mean one entry only, otherwise the sentence to show. others: code -> name and synonyms."""
    taken = {said.casefold(): code for code, words in others.items() for said in words}
    for said in (name, *synonyms):
        if not said.strip():
            return "名称和同义词不能为空。"
        if said.casefold() in taken:
            return f"“{said}”已用于代码 {taken[said.casefold()]}，同一个词只能指一个代码。"
    folded = [said.casefold() for said in synonyms]
    return "同义词重复了。" if len(set(folded)) < len(folded) else None
