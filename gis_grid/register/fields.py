"""Schema fields from table columns: the column's comment is the label, its type the rule; shapes travel as GeoJSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gis_grid.dictionary import CodeField
from gis_grid.errors import Invalid
from gis_grid.geo import shapes
from gis_grid.sealed import Sealed

FILE_UPLOAD = {  # what the document says of routes that take one file
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
        }
    },
}
BIGINT, SMALLINT, INT = 2**63 - 1, 2**15 - 1, 2**31 - 1


class Strict(Schema):
    """A schema that refuses what it does not know."""

    class Meta:
        unknown = RAISE


class Text(fields.String):
    """A string PostgreSQL can hold: no NUL, no lone surrogates; blanks at the ends go."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
            raise ValidationError("含有不能保存的字符。")
        return text.strip()


class Number(fields.Float):
    """A finite float."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool) or (isinstance(value, str) and "_" in value):  # Python alone reads 1_0 as ten
            raise ValidationError("须为数字。")
        number: float = super()._validated(value)
        if number is not None and not math.isfinite(number):
            raise ValidationError("须为有限的数字。")
        return number


class Shape(fields.Field):
    """A geometry column as GeoJSON, longitude first, CGCS2000 (equal to WGS 84)."""

    def __init__(self, kind: str, **options: Any) -> None:
        metadata = {**options.pop("metadata", {}), "type": "object", "format": f"geojson-{kind.lower()}"}
        super().__init__(metadata=metadata, **options)
        self.kind = kind

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        shape = shapes.from_stored(value)
        return None if shape is None else shapes.to_geojson(shape)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        try:
            shape = shapes.from_geojson(value)
            if self.kind == "MULTIPOLYGON":
                shape = shapes.as_multipolygon(shape)
        except Invalid as refused:
            raise ValidationError(refused.detail) from None
        if self.kind == "POINT" and shape.geom_type != "Point":
            raise ValidationError(f"需要点（Point），收到的是 {shape.geom_type}。")
        if fault := shapes.why_invalid(shape):
            raise ValidationError(f"图形无效：{fault}。")
        return shapes.to_column(shape)


def column_field(column: sa.Column[Any], *, codes: str | None = None, required: bool = False) -> fields.Field:
    """The schema field of one column."""
    options: dict[str, Any] = {"metadata": {"title": column.comment or column.key}, "allow_none": column.nullable}
    if required:
        options["required"] = True
    kind = column.type
    if codes and isinstance(kind, ARRAY):
        return fields.List(CodeField(codes), validate=validate.Length(max=50), **options)
    if codes:
        return CodeField(codes, **options)
    if isinstance(kind, Geometry):
        return Shape(str(kind.geometry_type), **options)
    if isinstance(kind, ARRAY):
        return fields.List(Text(validate=validate.Length(max=40)), validate=validate.Length(max=50), **options)
    return _plain_field(column, kind, options)


def _plain_field(column: sa.Column[Any], kind: Any, options: dict[str, Any]) -> fields.Field:
    for types, make in _FIELDS:
        if isinstance(kind, types):
            return make(column, kind, options)
    raise TypeError(f"no field for column {column}")


def _text(column: sa.Column[Any], kind: Any, options: dict[str, Any]) -> fields.Field:
    least = 0 if column.nullable else 1
    return Text(validate=validate.Length(min=least, max=kind.length or 10_000), **options)


def _whole(column: sa.Column[Any], kind: Any, options: dict[str, Any]) -> fields.Field:
    top = SMALLINT if isinstance(kind, sa.SmallInteger) else BIGINT if isinstance(kind, sa.BigInteger) else INT
    return fields.Integer(strict=True, validate=validate.Range(min=-top, max=top), **options)


def _not_masked(value: str) -> None:
    if "*" in value:
        raise ValidationError("是脱敏后的内容，不能写回；不改此项请不要提交它。")


def _believable(value: date) -> None:
    if not 1850 <= value.year <= 2200:
        raise ValidationError("年份应在 1850 到 2200 之间。")


_FIELDS: tuple[tuple[Any, Callable[[Any, Any, dict[str, Any]], fields.Field]], ...] = (
    (Sealed, lambda _, __, options: Text(validate=[validate.Length(min=1, max=40), _not_masked], **options)),
    (sa.String, _text),
    (sa.Boolean, lambda _, __, options: fields.Boolean(truthy={True}, falsy={False}, **options)),
    (sa.Integer, _whole),
    (sa.Float, lambda _, __, options: Number(**options)),
    (sa.DateTime, lambda _, __, options: fields.AwareDateTime(default_timezone=UTC, validate=_believable, **options)),
    (sa.Date, lambda _, __, options: fields.Date(validate=_believable, **options)),
    (JSONB, lambda _, __, options: fields.Dict(**options)),
)


def is_required(column: sa.Column[Any]) -> bool:
    """Whether a new row must name it; what is filled in when it is left empty (info: filled) need not be."""
    if column.info.get("filled"):
        return False
    return not column.nullable and column.server_default is None and column.default is None and not column.identity
