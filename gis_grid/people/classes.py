"""Classes of people (人员类别): which are in use here, and which of them a caller may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gis_grid.access.guard import caller
from gis_grid.config import settings
from gis_grid.dictionary import names, sensitive_codes
from gis_grid.errors import Forbidden, Invalid
from gis_grid.people.models import ResidentTag

LIST = "resident_class"
RIGHT = "people.sensitive"
_WORDS = {"since": "自", "until": "至", "source": "来源"}


def visible_classes() -> dict[str, str]:
    """code -> name of the classes this caller may see: sensitive ones only where the office keeps them and he has the right."""
    if not caller().may("people.read"):
        return {}
    hidden = sensitive_codes(LIST) - _allowed()
    return {code: name for code, name in names(LIST).items() if code not in hidden}


def visible(codes: Iterable[str]) -> list[str]:
    """Those of a person's classes that this caller may see."""
    mine = visible_classes()
    return [code for code in codes if code in mine]


def as_kept(tag: ResidentTag) -> dict[str, str | None]:
    """A tag as the audit log keeps it."""
    days = {name: day and day.isoformat() for name, day in (("since", tag.since), ("until", tag.until))}
    return {"code": tag.code, **days, "source": tag.source}


def in_words(tags: Iterable[Mapping[str, str | None]] | None) -> str | None:
    """Kept tags as one reads them, without those this caller may not see: 流动人口（自 2026-11-22，来源 入户走访）."""
    mine = visible_classes()
    said = []
    for tag in tags or ():
        if tag["code"] in mine:
            parts = [f"{word} {tag[key]}" for key, word in _WORDS.items() if tag[key]]
            said.append(f"{mine[tag['code']]}（{'，'.join(parts)}）")
    return "；".join(said) or None


def check_class(code: str) -> None:
    """Refuse a sensitive class that this office does not keep, or that the caller may not touch."""
    if code not in sensitive_codes(LIST):
        return
    name = names(LIST).get(code, code)
    if code not in settings().sensitive_classes:
        raise Invalid(
            f"“{name}”属于敏感个人信息，本系统默认不登记；确有法定依据时，由管理员在设置 sensitive_classes 中启用。",
            code="class_not_in_use",
        )
    if not caller().may(RIGHT):
        raise Forbidden(f"您没有查看与登记“{name}”的权限。", right=RIGHT)


def merged_classes(was: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """What a person has after somebody set the classes he can see: those hidden from him stay."""
    mine = visible_classes()
    for code in wanted:
        if code not in was:
            check_class(code)
    hidden = [code for code in was if code not in mine]
    return list(dict.fromkeys([*hidden, *wanted]))


def _allowed() -> frozenset[str]:
    return frozenset(settings().sensitive_classes) if caller().may(RIGHT) else frozenset()
