"""The audit log is searched by who, what, when and where, within one's area, and written as a sheet nothing runs in."""

from __future__ import annotations

import csv
import io
import re

import pytest
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.actions import create_user
from gis_grid.access.models import User
from gis_grid.access.rules import Caller
from gis_grid.audit.words import ACTIONS, TARGETS
from tests.live import ROOT


@pytest.fixture
def entries(session) -> None:
    audit.record("change", "rooms", 7, before={"use": "01"}, after={"use": "02"}, area_code="500103001001001")
    audit.record("view", "residents", "=cmd", area_code="620105001001001", purpose="核对信息")
    session.flush()


def found(client, headers, query: str = "") -> list[str]:
    return [
        row["target"] for row in client.get(f"/api/audit?{query}", headers=headers).json["items"] if row["target"] != "audit_log"
    ]


def test_who_what_when_and_where_narrow_the_search(client, bearer, entries) -> None:
    headers = bearer(["audit.read"])
    assert {"rooms", "residents"} <= set(found(client, headers, "actor=命令"))
    assert found(client, headers, "actor=nobody") == []
    assert found(client, headers, "area_code=5001") == ["rooms"]
    assert found(client, headers, "action=view&target=residents") == ["residents"]
    assert found(client, headers, "until=2020-01-01") == []
    assert "rooms" in found(client, headers, "since=2020-01-01")
    assert found(client, bearer(["audit.read"], ("6201",))) == ["residents"]


def test_two_of_one_name_are_told_apart_by_their_accounts(client, bearer, session) -> None:
    headers = bearer(["audit.read"])
    for account, target in (("wang.a", "rooms"), ("wang.b", "units")):
        create_user(account, "王小明", ["grid_worker"], ["500103"])
        who = session.scalar(sa.select(User.id).where(User.username == account))
        audit.record("change", target, 7, by=Caller("王小明", frozenset(), (), user_id=who))
    session.commit()
    assert {"rooms", "units"} <= set(found(client, headers, "actor=小明"))
    assert found(client, headers, "actor=wang.b") == ["units"]


def test_the_sheet_holds_what_was_found_runs_no_formula_and_is_itself_remembered(client, bearer, entries) -> None:
    headers = bearer(["audit.read"])
    answer = client.get("/api/audit/export?action=view&target=residents", headers=headers)
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][4:7] == ["操作", "对象", "对象编号"]
    assert rows[1][4:9] == ["查看", "居民", "'=cmd", "620105001001001", "核对信息"]
    assert len(rows) == 2
    last = client.get("/api/audit?target=audit_log&action=export", headers=headers).json["items"][0]
    assert last["after"]["rows"] == 1
    assert client.get("/api/audit/words", headers=headers).json["actions"]["view"] == "查看"


def test_whatever_is_remembered_has_a_chinese_name() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "gis_grid").rglob("*.py"))
    told = re.findall(r'audit\.record\(\s*"([^"]+)",\s*"([^"]+)"', code)
    assert len(told) > 40
    assert {action for action, _ in told} - set(ACTIONS) == set()
    assert {target for _, target in told} - set(TARGETS) == set()


def test_no_two_kinds_are_offered_under_one_name() -> None:
    for words in (ACTIONS, TARGETS):
        assert sorted(words.values()) == sorted(set(words.values()))
