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
