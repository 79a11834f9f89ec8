"""The registers of households, residents and valuables."""

from __future__ import annotations

from marshmallow import fields, validate

from gis_grid.people import actions
from gis_grid.people.classes import LIST, in_words, visible
from gis_grid.people.models import Household, Resident, Valuable
from gis_grid.people.why import why_household, why_resident
from gis_grid.register import Register
from gis_grid.register.fields import Text
from gis_grid.sealed import mask_id, mask_phone

READ, WRITE = "people.read", "people.write"
HOUSEHOLDS = Register(
    "households",
    "住户",
    Household,
    read=READ,
    write=WRITE,
    search=("number",),
    codes={"kind": "household_kind", "registration": "registration_kind"},
    prepare=actions.prepare_household,
    extra={
        "on": fields.Date(metadata={"title": "搬家日期，默认今天"}),
        "reason": Text(validate=validate.Length(max=200), metadata={"title": "原因"}),
    },
    read_only=("point", "pin_locked"),
    why=why_household,
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
        "classes": LIST,
        "registration": "registration_kind",
        "political": "political",
        "nationality": "nationality",
        "left_why": "left_why",
        "verified_how": "verify_how",
    },
    masks={"id_number": mask_id, "phone": mask_phone},
    prepare=actions.prepare_resident,
    read_only=("left_on", "left_why", "merged_into"),
    shown={"classes": visible, "tags": in_words},
    labels={"tags": "人员类别"},
    why=why_resident,
)
VALUABLES = Register(
    "valuables",
    "大宗财产",
    Valuable,
    read=READ,
    write=WRITE,
    search=("name", "number", "brand"),
    codes={"kind": "valuable_kind"},
    prepare=actions.prepare_valuable,
)
