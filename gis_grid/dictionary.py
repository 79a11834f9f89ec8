"""Code tables: standard ones from dictionary/*.csv, served by list; code_field(name) accepts only codes of a list."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.config import PROJECT
from gis_grid.db import Base, session
from gis_grid.errors import NotFound
from gis_grid.kept import Kept

FOLDER = PROJECT / "dictionary"
_names: Kept[dict[str, str]] = Kept("dictionary")
_sensitive: Kept[frozenset[str]] = Kept("dictionary")


class Entry(Base):
    """One code of one list."""

    __tablename__ = "dictionary"
    __table_args__ = ({"comment": "代码表"},)

    list: Mapped[str] = mapped_column(sa.String(60), primary_key=True, comment="代码表")
    code: Mapped[str] = mapped_column(sa.String(20), primary_key=True, comment="代码")
    name: Mapped[str] = mapped_column(sa.String(200), comment="名称")
    position: Mapped[int] = mapped_column(sa.Integer, comment="顺序")
    source: Mapped[str | None] = mapped_column(sa.Text, comment="来源")
    sensitive: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", comment="敏感")


class CodeField(fields.String):
    """A string that must be a code of a list; the list is checked in the database when the value is used."""

    def __init__(self, list_name: str, **options: Any) -> None:
        metadata = {**options.pop("metadata", {}), "dictionary": list_name}
        super().__init__(metadata=metadata, **options)
        self.list_name = list_name

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not re.fullmatch(r"[\w.-]{1,20}", text) or not has_code(self.list_name, text):
            raise ValidationError(f"“{text[:20]}”不是代码表 {self.list_name} 中的代码。")
        return text


def code_field(list_name: str, **options: Any) -> CodeField:
    """A schema field for codes of `list_name`."""
    return CodeField(list_name, **options)


def has_code(list_name: str, code: str) -> bool:
    """Whether the list holds the code."""
    return code in _names.get(list_name, lambda: _read_names(list_name))


def names(list_name: str) -> dict[str, str]:
    """code -> name of a list, in its order."""
    return dict(_names.get(list_name, lambda: _read_names(list_name)))


def sensitive_codes(list_name: str) -> frozenset[str]:
    """The codes of a list that tell sensitive things about a person."""
    return frozenset(_sensitive.get(list_name, lambda: _read_sensitive(list_name)))


def _read_sensitive(list_name: str) -> frozenset[str]:
    return frozenset(session().scalars(sa.select(Entry.code).where(Entry.list == list_name, Entry.sensitive)))


def _read_names(list_name: str) -> dict[str, str]:
    rows = session().execute(sa.select(Entry.code, Entry.name).where(Entry.list == list_name).order_by(Entry.position))
    return {code: name for code, name in rows}


def load_dictionary(folder: Path = FOLDER) -> int:
    """Take all code tables from the CSV files; answers how many codes. A deployment's own further codes stay."""
    rows = [row for path in sorted(folder.glob("*.csv")) for row in _entries(path)]
    statement = insert(Entry)
    taken = {name: getattr(statement.excluded, name) for name in ("name", "position", "source", "sensitive")}
    statement = statement.on_conflict_do_update(index_elements=["list", "code"], set_=taken)
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


class EntrySchema(Schema):
    code = fields.String()
    name = fields.String()


class ListSchema(Schema):
    list = fields.String()
    entries = fields.List(fields.Nested(EntrySchema))


blueprint = Blueprint("dictionary", __name__, url_prefix="/api/dictionary", description="代码表")


@blueprint.route("/")
@blueprint.response(200, Schema.from_dict({"lists": fields.List(fields.String())}, name="ListNames"))
@require(SIGNED_IN)
def list_names() -> dict[str, Any]:
    """代码表名录"""
    return {"lists": list(session().scalars(sa.select(Entry.list).distinct().order_by(Entry.list)))}


@blueprint.route("/<list_name>")
@blueprint.response(200, ListSchema)
@require(SIGNED_IN)
def entries(list_name: str) -> dict[str, Any] | Response:
    """一个代码表"""
    found = names(list_name)
    if not found:
        raise NotFound(f"没有代码表“{list_name[:40]}”。")
    return {"list": list_name, "entries": [{"code": code, "name": name} for code, name in found.items()]}


BLUEPRINTS = (blueprint,)
