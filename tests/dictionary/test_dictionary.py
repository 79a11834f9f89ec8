"""An office's own code tables: added, renamed, retired with history; nothing is lost and a new release leaves them alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.dictionary import Entry, has_code, load_dictionary, names, own_synonyms
from gis_grid.dictionary.rules import entry_fault
from tests.conftest import problem

RELIGION = "/api/dictionary/religion/entries"


@pytest.fixture
def keeper(bearer) -> dict[str, str]:
    return bearer(["dictionary.write", "audit.read"])


def change(client, keeper, code: str, version: int, **values):
    return client.patch(f"{RELIGION}/{code}", json=values, headers={**keeper, "If-Match": f'"{version}"'})


def first(client, keeper) -> dict:
    return client.get(RELIGION, headers=keeper).json["items"][0]


def test_names_hold_no_notes_of_where_they_come_from(session) -> None:
    told = session.scalars(sa.select(Entry.name).where(Entry.list.in_(["relation", "sex", "marital", "education", "post"]))).all()
    assert [name for name in told if not name or name.split(" (")[0] != name] == []


def test_one_word_means_one_entry() -> None:
    others = {"1": ("佛教", "释教"), "2": ("道教",)}
    assert entry_fault("天主教", ["公教"], others) is None
    assert "代码 1" in str(entry_fault("天主教", ["释教"], others))
    assert "代码 2" in str(entry_fault("道教", [], others))
    assert entry_fault("天主教", ["公教", "公教"], others) == "同义词重复了。"


def test_an_added_entry_is_accepted_and_a_retired_one_only_shown(client, keeper) -> None:
    body = {"code": "L1", "name": "本地信仰", "synonyms": ["民间信仰"]}
    made = client.post(RELIGION, json=body, headers=keeper)
    assert made.status_code == 201, made.data
    assert has_code("religion", "L1")
    assert own_synonyms("religion") == {"L1": ["民间信仰"]}
    assert problem(client.post(RELIGION, json=body, headers=keeper))["code"] == "code_taken"
    assert change(client, keeper, "L1", 1, retired=True).status_code == 200
    assert not has_code("religion", "L1")
    assert names("religion")["L1"] == "本地信仰"
    shown = client.get("/api/dictionary/religion", headers=keeper).json["entries"]
    assert [entry["retired"] for entry in shown if entry["code"] == "L1"] == [True]
    told = client.get(f"{RELIGION}/L1/history", headers=keeper).json["items"]
    assert [(one["version"], one["after"]["retired"]) for one in told] == [(2, True), (1, False)]


def test_a_change_needs_the_version_one_has_seen_and_is_audited(client, keeper) -> None:
    entry = first(client, keeper)
    assert change(client, keeper, entry["code"], entry["version"], name="改了名").status_code == 200
    assert change(client, keeper, entry["code"], entry["version"], name="又改").status_code == 412
    log = client.get("/api/audit?target=dictionary", headers=keeper).json["items"][0]
    assert (log["before"], log["after"]) == ({"name": entry["name"]}, {"name": "改了名"})


def test_a_new_release_leaves_own_names_alone(client, keeper, session) -> None:
    entry = first(client, keeper)
    change(client, keeper, entry["code"], entry["version"], name="改了名")
    load_dictionary()
    session.expire_all()
    kept = session.scalar(sa.select(Entry.name).where(Entry.list == "religion", Entry.code == entry["code"]))
    assert kept == "改了名"


def test_lists_the_program_works_with_neither_grow_nor_shrink(client, keeper) -> None:
    levels = "/api/dictionary/area_level/entries"
    assert problem(client.post(levels, json={"code": "x", "name": "组"}, headers=keeper))["code"] == "fixed_list"
    headers = {**keeper, "If-Match": '"1"'}
    assert problem(client.patch(f"{levels}/grid", json={"retired": True}, headers=headers))["code"] == "fixed_list"
    assert client.patch(f"{levels}/grid", json={"name": "微网格"}, headers=headers).status_code == 200
