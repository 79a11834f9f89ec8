"""Routes of households and residents. Numbers go out masked; the plain ones only through unmask, with a purpose."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gis_grid.access.guard import require
from gis_grid.people import actions
from gis_grid.people.models import Household, Resident
from gis_grid.register import Register, register_blueprint
from gis_grid.register.api import shown_schema
from gis_grid.register.fields import BIGINT, Strict, Text
from gis_grid.sealed import mask_id, mask_phone

READ, WRITE = "people.read", "people.write"
HOUSEHOLDS = Register(
    "households",
    "住户",
    Household,
    read=READ,
    write=WRITE,
    search=("number",),
    codes={"kind": "household_kind"},
    prepare=actions.prepare_household,
)
RESIDENTS = Register(
    "residents",
    "居民",
    Resident,
    read=READ,
    write=WRITE,
    search=("name",),
    codes={
        "relation": "relation",
        "id_type": "id_document",
        "sex": "sex",
        "ethnic": "ethnic",
        "education": "education",
        "marital": "marital",
        "classes": "resident_class",
    },
    masks={"id_number": mask_id, "phone": mask_phone},
    prepare=actions.prepare_resident,
)


class FindSchema(Strict):
    id_number = Text(validate=validate.Length(min=5, max=40), metadata={"title": "证件号码"})
    phone = Text(validate=validate.Length(min=5, max=40), metadata={"title": "电话"})

    @validates_schema
    def one_of_them(self, values: dict[str, Any], **_: Any) -> None:
        if not values.get("id_number") and not values.get("phone"):
            raise ValidationError("请给出证件号码或电话。")


class PurposeSchema(Strict):
    purpose = Text(required=True, validate=validate.Length(min=4, max=200), metadata={"title": "用途"})


blueprint = Blueprint("people", __name__, url_prefix="/api/residents", description="居民查找与原文查看")


@blueprint.route("/find", methods=["POST"])
@blueprint.arguments(FindSchema)
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(shown_schema(RESIDENTS)))}, name="Found"))
@require("people.read")
def find(asked: dict[str, Any]) -> dict[str, Any]:
    """按证件号码或电话查找居民（须整号）"""
    return {"items": actions.find_people(asked.get("id_number"), asked.get("phone"))}


@blueprint.route(f"/<int(max={BIGINT}):key>/unmask", methods=["POST"])
@blueprint.arguments(PurposeSchema)
@blueprint.response(
    200,
    Schema.from_dict({"id_number": fields.String(allow_none=True), "phone": fields.String(allow_none=True)}, name="Unmasked"),
)
@require("people.unmask")
def unmask(asked: dict[str, Any], key: int) -> dict[str, Any]:
    """查看证件号码与电话原文：须说明用途，记入审计"""
    return actions.unmask(key, asked["purpose"])


BLUEPRINTS = (register_blueprint(HOUSEHOLDS), register_blueprint(RESIDENTS), blueprint)
