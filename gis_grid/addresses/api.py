"""The route that reads addresses and finds the places they mean."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.addresses.actions import match_addresses
from gis_grid.register.fields import Strict, Text

PARTS = {
    "lane": "弄、巷",
    "number": "门牌号",
    "building": "楼栋",
    "unit": "单元",
    "floor": "楼层",
    "room": "房号",
}


class AddressesSchema(Strict):
    texts = fields.List(
        Text(validate=validate.Length(min=1, max=500)),
        required=True,
        validate=validate.Length(min=1, max=500),
        metadata={"title": "地址，每次最多 500 个"},
    )


CandidateSchema = Schema.from_dict(
    {
        "score": fields.Float(metadata={"title": "把握，0 到 1"}),
        **{name: fields.String(allow_none=True) for name in ("estate", "building", "unit", "room", "area_code", "missing")},
        **{f"{name}_id": fields.Integer(allow_none=True) for name in ("estate", "building", "unit", "room")},
    },
    name="AddressCandidate",
)
MatchSchema = Schema.from_dict(
    {
        "text": fields.String(),
        "parts": fields.Nested(
            Schema.from_dict(
                {name: fields.String(allow_none=True, metadata={"title": title}) for name, title in PARTS.items()},
                name="AddressParts",
            )
        ),
        "decided": fields.Nested(CandidateSchema, allow_none=True),
        "candidates": fields.List(fields.Nested(CandidateSchema)),
        "question": fields.String(allow_none=True, metadata={"title": "不能确定时的提示"}),
    },
    name="AddressMatch",
)
blueprint = Blueprint("addresses", __name__, url_prefix="/api/addresses", description="地址识别与匹配")


@blueprint.route("/match", methods=["POST"])
@blueprint.arguments(AddressesSchema)
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(MatchSchema))}, name="AddressMatches"))
@require("buildings.read")
def match(asked: dict[str, Any]) -> dict[str, Any]:
    """识别地址并匹配到小区、楼栋、单元、房屋；拿不准的给出候选，不代为决定"""
    return {"items": [_told(found) for found in match_addresses(asked["texts"])]}


def _told(found: Any) -> dict[str, Any]:
    return {
        "text": found.address.text,
        "parts": asdict(found.address),
        "decided": found.decided,
        "candidates": found.candidates,
        "question": found.question,
    }


BLUEPRINTS = (blueprint,)
