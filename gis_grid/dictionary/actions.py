"""Read code tables, load those of the product, and keep an office's own changes with their history."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gis_grid import audit
from gis_grid.access.guard import caller
from gis_grid.config import PROJECT
from gis_grid.db import session
from gis_grid.dictionary.models import Entry, EntryChange
from gis_grid.dictionary.rules import FIXED, TITLES, entry_fault
from gis_grid.errors import Changed, Conflict, Invalid, NotFound
from gis_grid.kept import Kept

FOLDER = PROJECT / "dictionary"
_names: Kept[dict[str, str]] = Kept("dictionary")
_active: Kept[frozenset[str]] = Kept("dictionary")
_synonyms: Kept[dict[str, list[str]]] = Kept("dictionary")
_sensitive: Kept[frozenset[str]] = Kept("dictionary")
_CHANGED = ("name", "synonyms", "retired", "position")


def has_code(list_name: str, code: str) -> bool:
    """Whether the code may be given to something now: the list holds it and it is not retired."""
    return code in _active.get(list_name, lambda: _read_active(list_name))


def names(list_name: str) -> dict[str, str]:
    """code -> name of a list, in its order; also what is retired, for rows that still have it."""
    return dict(_names.get(list_name, lambda: _read_names(list_name)))


def sensitive_codes(list_name: str) -> frozenset[str]:
    """The codes of a list that tell sensitive things about a person."""
    return frozenset(_sensitive.get(list_name, lambda: _read_sensitive(list_name)))


def active_codes(list_name: str) -> frozenset[str]:
    """The codes of a list that may be given to something now."""
    return _active.get(list_name, lambda: _read_active(list_name))


def active_names(list_name: str) -> dict[str, str]:
    """code -> name of what may be given to something now."""
    active = active_codes(list_name)
    return {code: name for code, name in names(list_name).items() if code in active}


def own_synonyms(list_name: str) -> dict[str, list[str]]:
    """code -> what people here call it besides its name."""
    return _synonyms.get(list_name, lambda: _read_synonyms(list_name))


def _read_active(list_name: str) -> frozenset[str]:
    return frozenset(session().scalars(sa.select(Entry.code).where(Entry.list == list_name, Entry.retired.is_(False))))


def _read_synonyms(list_name: str) -> dict[str, list[str]]:
    query = sa.select(Entry.code, Entry.synonyms).where(Entry.list == list_name, sa.func.cardinality(Entry.synonyms) > 0)
    return {code: words for code, words in session().execute(query)}


def _read_sensitive(list_name: str) -> frozenset[str]:
    return frozenset(session().scalars(sa.select(Entry.code).where(Entry.list == list_name, Entry.sensitive)))


def _read_names(list_name: str) -> dict[str, str]:
    query = sa.select(Entry.code, Entry.name).where(Entry.list == list_name).order_by(Entry.position, Entry.code)
    return {code: name for code, name in session().execute(query)}


def load_dictionary(folder: Path = FOLDER) -> int:
    """Take all code tables from the CSV files; answers how many codes. What an office changed or added stays."""
    rows = [row for path in sorted(folder.glob("*.csv")) for row in _entries(path)]
    statement = insert(Entry)
    taken = {name: getattr(statement.excluded, name) for name in ("name", "position", "source", "sensitive")}
    statement = statement.on_conflict_do_update(index_elements=["list", "code"], set_=taken, where=Entry.own.is_(False))
    session().connection().execute(statement, rows)
    return len(rows)


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of one file: columns code,name (and list for files of many lists; major+minor for two-level codes)."""
    with path.open(encoding="utf-8", newline="") as file:
        for position, row in enumerate(csv.DictReader(file)):
            code = row.get("code") or row.get("major", "") + row.get("minor", "")
            yield {
                "list": row.get("list") or path.stem,
                "code": code,
                "name": row["name"],
                "position": position,
                "source": row.get("source"),
                "sensitive": row.get("sensitive") == "yes",
            }


@cache
def list_titles() -> dict[str, str]:
    """list -> what it is called: from the files that say it, and those whose file is the list."""
    found = dict(TITLES)
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found |= {row["list"]: row["list_name"] for row in csv.DictReader(file) if row.get("list_name")}
    return found


def list_tables() -> list[dict[str, Any]]:
    """Every list with how many entries it has, how many are retired and how many this office changed."""
    query = (
        sa.select(
            Entry.list,
            sa.func.count().label("entries"),
            sa.func.count().filter(Entry.retired).label("retired"),
            sa.func.count().filter(Entry.own).label("own"),
        )
        .group_by(Entry.list)
        .order_by(Entry.list)
    )
    titles = list_titles()
    tables = [
        {**row._mapping, "title": titles.get(row.list, row.list), "fixed": row.list in FIXED} for row in session().execute(query)
    ]
    return sorted(tables, key=lambda table: (table["title"] == table["list"], table["title"]))


def entries(list_name: str) -> Sequence[Entry]:
    """All entries of a list in its order, with all that is known of them."""
    query = sa.select(Entry).where(Entry.list == list_name).order_by(Entry.position, Entry.code)
    found = session().scalars(query).all()
    if not found:
        raise NotFound(f"没有代码表“{list_name[:40]}”。")
    return found


def add_entry(list_name: str, code: str, name: str, synonyms: list[str]) -> Entry:
    """A code of this office's own at the end of a list. Refused: lists the program itself depends on, a name taken."""
    known = entries(list_name)
    if list_name in FIXED:
        raise Conflict("系统按这个代码表的固定代码工作，只能改名称和同义词，不能新增。", code="fixed_list")
    if any(entry.code == code for entry in known):
        raise Conflict(f"代码“{code}”已存在（停用的代码也不能重复使用）。", code="code_taken")
    made = Entry(list=list_name, code=code, name=name, synonyms=synonyms, retired=False, own=True, version=1)
    made.position, made.sensitive = known[-1].position + 1, False
    _check(made, known)
    session().add(made)
    _remember(made, None)
    return made


def change_entry(list_name: str, code: str, version: int, values: dict[str, Any]) -> Entry:
    """Another name, other synonyms, retired or in use again; rows that have the code keep it. The old version stays readable."""
    known = entries(list_name)
    entry = next((each for each in known if each.code == code), None)
    if entry is None:
        raise NotFound(f"代码表 {list_name[:40]} 中没有代码“{code[:20]}”。")
    if entry.version != version:
        raise Changed("这个代码刚被别人修改过，请刷新后再改。", version=entry.version)
    if values.get("retired") and list_name in FIXED:
        raise Conflict("系统按这个代码表的固定代码工作，只能改名称和同义词，不能停用。", code="fixed_list")
    before = _values(entry)
    for name, value in values.items():
        setattr(entry, name, value)
    _check(entry, known)
    entry.own, entry.version = True, entry.version + 1
    _remember(entry, before)
    return entry


def history(list_name: str, code: str) -> Sequence[EntryChange]:
    """What was changed of an entry, the newest first."""
    query = sa.select(EntryChange).where(EntryChange.list == list_name, EntryChange.code == code)
    return session().scalars(query.order_by(EntryChange.id.desc()).limit(100)).all()


def _check(entry: Entry, known: Sequence[Entry]) -> None:
    others = {each.code: (each.name, *each.synonyms) for each in known if each.code != entry.code and not each.retired}
    fault = None if entry.retired else entry_fault(entry.name, entry.synonyms, others)
    if fault:
        raise Invalid(fault, code="bad_entry")


def _remember(entry: Entry, before: dict[str, Any] | None) -> None:
    after = _values(entry)
    change = EntryChange(list=entry.list, code=entry.code, version=entry.version, before=before, after=after)
    change.made_by = caller().name[:120]
    session().add(change)
    session().flush()
    key = f"{entry.list}/{entry.code}"
    was, now = audit.difference(before, after) if before else (None, after)
    audit.record("change" if before else "create", "dictionary", key, before=was, after=now, version=entry.version)


def _values(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _CHANGED}
