"""Routes of the seamless check, of plans, of proposals and of sizes."""

from __future__ import annotations

from typing import Any

import orjson
import shapely
from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate

from gis_grid.access.guard import caller, check_area, require
from gis_grid.errors import Invalid
from gis_grid.geo import shapes
from gis_grid.plans import actions, drafting, steps
from gis_grid.plans.check import check_division, check_plan, repair, repair_in
from gis_grid.plans.desk import division_told, homes_told
from gis_grid.plans.models import Plan
from gis_grid.plans.propose import propose
from gis_grid.plans.rules import ACTIONS
from gis_grid.plans.sheet import workbook
from gis_grid.plans.sizes import sizes_told
from gis_grid.plans.world import changes_of
from gis_grid.register import Register, list_blueprint
from gis_grid.register.fields import BIGINT, Strict, Text

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PLANS = Register(name="plans", title="调整方案", model=Plan, read="areas.read", write="areas.write", search=("name",))
_ONE = f"/<int(max={BIGINT}):plan_id>"
_CODE = validate.Length(min=1, max=32)


class Geometry(fields.Field):
    """A GeoJSON line or polygon in CGCS2000 / WGS 84 degrees."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        try:
            shape = shapes.from_geojson(value)
        except Invalid as refused:
            raise ValidationError(refused.detail) from None
        if shape.geom_type.endswith("Polygon") and (fault := shapes.why_invalid(shape)):
            raise ValidationError(f"图形无效：{fault}。")
        return shape


class CheckQuery(Strict):
    area_code = Text(load_default="", validate=validate.Length(max=32), metadata={"title": "区域编码前缀"})
    at = fields.Date(metadata={"title": "日期，默认今天"})


class SizesQuery(CheckQuery):
    on = fields.String(
        load_default="that_day",
        validate=validate.OneOf(["that_day", "today"]),
        metadata={"title": "按哪天的边界：that_day 当日，today 今天"},
    )


class DraftSchema(Strict):
    name = Text(required=True, validate=validate.Length(min=1, max=100), metadata={"title": "方案名称"})
    area_code = Text(required=True, validate=_CODE, metadata={"title": "所在区域"})
    remark = Text(validate=validate.Length(max=2000), metadata={"title": "说明"})
    effective = fields.Date(metadata={"title": "拟生效日期"})


class ChangeSchema(Strict):
    operation = fields.String(required=True, validate=validate.OneOf(sorted(drafting.OPERATIONS)), metadata={"title": "操作"})
    code = Text(validate=_CODE, metadata={"title": "网格（split、redraw、reparent、recode、rename）"})
    codes = fields.List(Text(validate=_CODE), validate=validate.Length(min=1, max=200), metadata={"title": "合并哪些"})
    into = Text(validate=_CODE, metadata={"title": "合并到"})
    giver = Text(validate=_CODE, metadata={"title": "划出"})
    taker = Text(validate=_CODE, metadata={"title": "划入"})
    one = Text(validate=_CODE, metadata={"title": "相邻网格之一"})
    other = Text(validate=_CODE, metadata={"title": "相邻网格之二"})
    parent_code = Text(validate=_CODE, metadata={"title": "新上级；新设区域的上级"})
    name = Text(validate=validate.Length(min=1, max=100), metadata={"title": "名称（found、rename）"})
    new_code = Text(validate=_CODE, metadata={"title": "新编码"})
    names = fields.List(Text(validate=validate.Length(min=1, max=100)), validate=validate.Length(max=50))
    shape = Geometry(metadata={"title": "线（split、move_edge）或面（transfer、redraw、found）", "type": "object"})
    seen = fields.Integer(
        strict=True, validate=validate.Range(min=0, max=BIGINT), metadata={"title": "画时所见的最后一步（steps.last）"}
    )
    shapes = fields.Dict(
        keys=Text(validate=_CODE), values=Geometry(metadata={"type": "object"}), validate=validate.Length(min=1, max=500),
        metadata={"title": "编码与新边界（reshape）：原样保存，不补不裁，由体检指出空隙与重叠"},
    )  # fmt: skip


NEEDS = {
    "split": ("code", "shape"),
    "merge": ("codes", "into"),
    "transfer": ("giver", "taker", "shape"),
    "move_edge": ("one", "other", "shape"),
    "redraw": ("code", "shape"),
    "reparent": ("code", "parent_code"),
    "recode": ("code", "new_code"),
    "reshape": ("shapes",),
    "found": ("parent_code", "name", "shape"),
    "rename": ("code", "name"),
}
LINES, AREAS = ("split", "move_edge"), ("transfer", "redraw", "found")


class ApproveSchema(Strict):
    effective = fields.Date(metadata={"title": "生效日期，默认今天"})
    despite_faults = fields.Boolean(load_default=False, truthy={True}, falsy={False}, metadata={"title": "有接缝问题也批准"})


class RepairSchema(Strict):
    key = Text(required=True, validate=validate.Length(min=1, max=80), metadata={"title": "问题"})
    how = Text(required=True, validate=validate.Length(min=1, max=20), metadata={"title": "修复方式"})
    area_code = Text(required=True, validate=_CODE, metadata={"title": "所在区域"})


class MendSchema(Strict):
    key = Text(required=True, validate=validate.Length(min=1, max=80), metadata={"title": "问题"})
    how = Text(required=True, validate=validate.Length(min=1, max=20), metadata={"title": "修复方式"})


class ProposeSchema(Strict):
    area_code = Text(required=True, validate=_CODE, metadata={"title": "社区"})
    low = fields.Integer(strict=True, load_default=300, validate=validate.Range(min=1, max=100_000))
    high = fields.Integer(strict=True, load_default=500, validate=validate.Range(min=1, max=100_000))
    seed = fields.Integer(strict=True, load_default=0, validate=validate.Range(min=0, max=2**31 - 1))


def _answer(name: str) -> type[Schema]:
    return Schema.from_dict({"findings": fields.List(fields.Dict())}, name=name)


check = Blueprint("check", __name__, url_prefix="/api/areas", description="无缝拼接体检与规模")
plans = Blueprint("plan", __name__, url_prefix="/api/plans", description="调整方案")


@check.route("/check")
@check.arguments(CheckQuery, location="query")
@check.response(200, _answer("Check"))
@require("areas.read")
def check_areas(asked: dict[str, Any]) -> Response:
    """无缝拼接体检：空隙、重叠、狭缝、超出上级、切分楼栋、编码、规模，每一条说明在哪、多大、怎么修"""
    prefix = asked["area_code"] or _whole()
    return _json(check_division(prefix, asked.get("at")))


@check.route("/sizes")
@check.arguments(SizesQuery, location="query")
@check.response(200, Schema.from_dict({"items": fields.List(fields.Dict())}, name="Sizes"))
@require("areas.read")
def sizes(asked: dict[str, Any]) -> Response:
    """各网格的户数、人数、楼栋、房屋、场所、未结事件；可按某日的边界，或按今天的边界"""
    prefix = asked["area_code"] or _whole()
    check_area(prefix or None)
    return _json({"items": sizes_told(prefix, asked.get("at"), asked["on"])})


@check.route("/repair", methods=["POST"])
@check.arguments(RepairSchema)
@check.response(201, Schema.from_dict({"id": fields.Integer()}, name="RepairPlan"))
@require("areas.write")
def repair_finding(asked: dict[str, Any]) -> Response:
    """一键修复：把一处问题的修复作成方案，可试算、批准、撤销"""
    check_area(asked["area_code"])
    finding, made = repair(asked["area_code"], asked["key"], asked["how"])
    plan = actions.make_plan(f"修复：{finding.message}"[:100], asked["area_code"])
    drafting.take_shapes(plan, made)
    return _json(_told(plan), 201)


@check.route("/propose", methods=["POST"])
@check.arguments(ProposeSchema)
@check.response(201, Schema.from_dict({"id": fields.Integer()}, name="Proposal"))
@require("areas.write")
def propose_division(asked: dict[str, Any]) -> Response:
    """划分建议：按户数均衡、沿路沿河、不切楼栋地划分一个社区，与现状一同评分；结果是方案"""
    plan, scores = propose(asked["area_code"], asked["low"], asked["high"], asked["seed"])
    return _json({**_told(plan), "scores": scores}, 201)


@plans.route("/", methods=["POST"])
@plans.arguments(DraftSchema)
@plans.response(201, Schema.from_dict({"id": fields.Integer()}, name="Drafted"))
@require("areas.write")
def make_plan(asked: dict[str, Any]) -> Response:
    """新拟方案：在一个区域内"""
    return _json(_told(actions.make_plan(**asked)), 201)


@plans.route(f"{_ONE}/changes")
@plans.response(200, Schema.from_dict({"features": fields.List(fields.Dict())}, name="PlanChanges"))
@require("areas.read")
def plan_changes(plan_id: int) -> Response:
    """方案的内容：GeoJSON，每个区域的动作与新边界"""
    return _changes(actions.find_plan(plan_id))


@plans.route(f"{_ONE}/changes", methods=["POST"])
@plans.arguments(ChangeSchema)
@plans.response(200, Schema.from_dict({"features": fields.List(fields.Dict())}, name="PlanChanged"))
@require("areas.write")
def add_change(asked: dict[str, Any], plan_id: int) -> Response:
    """在方案中拆分、合并、划转、移动边界、重画、新设、调整上级、改编码、改名称"""
    operation = asked.pop("operation")
    missing = [name for name in NEEDS[operation] if name not in asked]
    if missing:
        raise Invalid(f"{operation} 还需要：{'、'.join(missing)}。", code="incomplete")
    _check_kind(operation, asked.get("shape"))
    for shape in asked.get("shapes", {}).values():
        _check_kind("redraw", shape)
    return _changes(drafting.operate(plan_id, operation, asked))


@plans.route(f"{_ONE}/changes/<string(maxlength=32):code>", methods=["DELETE"])
@plans.response(204)
@require("areas.write")
def drop_change(plan_id: int, code: str) -> Response:
    """从方案中去掉一个区域的改动"""
    drafting.drop_change(plan_id, code.replace("\x00", ""))
    return Response(status=204)


@plans.route(f"{_ONE}/steps/undo", methods=["POST"])
@plans.response(200, Schema.from_dict({"features": fields.List(fields.Dict())}, name="StepUndone"))
@require("areas.write")
def undo_step(plan_id: int) -> Response:
    """退回草案的最近一步"""
    return _changes(steps.undo_step(plan_id))


@plans.route(f"{_ONE}/steps/redo", methods=["POST"])
@plans.response(200, Schema.from_dict({"features": fields.List(fields.Dict())}, name="StepRedone"))
@require("areas.write")
def redo_step(plan_id: int) -> Response:
    """重做刚退回的一步"""
    return _changes(steps.redo_step(plan_id))


@plans.route(f"{_ONE}/division")
@plans.response(200, Schema.from_dict({"features": fields.List(fields.Dict())}, name="PlanDivision"))
@require("areas.read")
def plan_division(plan_id: int) -> Response:
    """方案之下的区划：GeoJSON，坐标不舍入，相邻区域的公共点完全相同"""
    return _json(division_told(actions.find_plan(plan_id)))


@plans.route(f"{_ONE}/homes")
@plans.response(200, Schema.from_dict({"rows": fields.List(fields.List(fields.Float()))}, name="PlanHomes"))
@require("areas.write")
def plan_homes(plan_id: int) -> Response:
    """方案区域内各入口的户数、人数、楼栋、场所，供拖动边界时随手计数"""
    return _json(homes_told(actions.find_plan(plan_id)))


@plans.route(f"{_ONE}/repair", methods=["POST"])
@plans.arguments(MendSchema)
@plans.response(200, Schema.from_dict({"features": fields.List(fields.Dict())}, name="PlanRepaired"))
@require("areas.write")
def repair_in_plan(asked: dict[str, Any], plan_id: int) -> Response:
    """一键修复草案中的一处问题，可退回"""
    plan = actions.open_draft(plan_id)
    drafting.take_shapes(plan, repair_in(plan, asked["key"], asked["how"]))
    return _changes(plan)


@plans.route(f"{_ONE}/check")
@plans.response(200, _answer("PlanCheck"))
@require("areas.read")
def plan_check(plan_id: int) -> Response:
    """方案的接缝体检：is_new 为方案带来的问题"""
    return _json(check_plan(actions.find_plan(plan_id)))


@plans.route(f"{_ONE}/dry-run")
@plans.response(200, Schema.from_dict({"moves": fields.List(fields.Dict())}, name="DryRun"))
@require("areas.read")
def dry_run(plan_id: int) -> Response:
    """试算：住户、居民、房屋、场所、事件、人员从哪到哪，规模前后；?format=xlsx 为表格，geojson 为图层"""
    report = actions.dry_run(plan_id)
    wanted = request.args.get("format", "json")
    if wanted == "xlsx":
        name = f"plan-{plan_id}.xlsx"
        body = workbook(actions.find_plan(plan_id), report, actions.area_names(plan_id))
        return Response(body, mimetype=XLSX, headers={"Content-Disposition": f"attachment; filename={name}"})
    if wanted == "geojson":
        return _json(_moved_layer(actions.find_plan(plan_id), report), mimetype="application/geo+json")
    if wanted != "json":
        raise Invalid("format 应为 json、xlsx 或 geojson。", code="bad_format")
    return _json(report)


@plans.route(f"{_ONE}/approve", methods=["POST"])
@plans.arguments(ApproveSchema)
@plans.response(200, Schema.from_dict({"status": fields.String()}, name="Approved"))
@require("areas.write")
def approve(asked: dict[str, Any], plan_id: int) -> Response:
    """批准：今天起或自某日起生效；到日一次事务内完成重新归属"""
    plan = actions.approve(plan_id, asked.get("effective"), despite_faults=asked["despite_faults"])
    return _json(_told(plan))


@plans.route(f"{_ONE}/withdraw", methods=["POST"])
@plans.response(200, Schema.from_dict({"status": fields.String()}, name="Withdrawn"))
@require("areas.write")
def withdraw(plan_id: int) -> Response:
    """撤回草案或尚未到日的方案"""
    return _json(_told(actions.withdraw(plan_id)))


@plans.route(f"{_ONE}/undo", methods=["POST"])
@plans.response(201, Schema.from_dict({"id": fields.Integer()}, name="Undo"))
@require("areas.write")
def undo(plan_id: int) -> Response:
    """撤销已生效的方案：得到一份恢复原边界的草案"""
    return _json(_told(actions.undo(plan_id)), 201)


def _whole() -> str:
    """Without a prefix: the caller's own area when he has just one."""
    scopes = caller().scopes
    return scopes[0] if len(scopes) == 1 else ""


def _check_kind(operation: str, shape: Any) -> None:
    if operation in LINES and shape.geom_type not in ("LineString", "MultiLineString"):
        raise Invalid(f"{operation} 需要线（LineString），收到的是 {shape.geom_type}。", code="bad_geometry")
    if operation in AREAS and shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise Invalid(f"{operation} 需要面（Polygon），收到的是 {shape.geom_type}。", code="bad_geometry")


def _told(plan: Plan) -> dict[str, Any]:
    names = ("id", "name", "area_code", "remark", "status", "made_by", "approved_by", "undo_of", "report")
    times = {name: getattr(plan, name) for name in ("effective", "approved_at", "done_at")}
    return {**{name: getattr(plan, name) for name in names}, **times}


def _changes(plan: Plan) -> Response:
    return _json({**_told(plan), **_features(plan), "steps": steps.steps_told(plan)})


def _features(plan: Plan) -> dict[str, Any]:
    features = []
    for change in changes_of(plan.id):
        shape = shapes.from_stored(change.geom)
        told = {name: getattr(change, name) for name in ("code", "action", "level", "name", "kind", "parent_code", "successors")}
        features.append(_feature(shape, {**told, "action_name": ACTIONS[change.action]}))
    return {"type": "FeatureCollection", "features": features}


def _moved_layer(plan: Plan, report: dict[str, Any]) -> dict[str, Any]:
    """The draft's areas and every building that moves, for the map."""
    layer = _features(plan)
    for row in report["moved"]:
        told = {"kind": "building", **{name: row[name] for name in ("id", "name", "was", "now")}}
        layer["features"].append(_feature(shapely.Point(row["lon"], row["lat"]), told))
    return layer


def _feature(shape: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": None if shape is None else shapes.to_geojson(shape), "properties": properties}


def _json(value: Any, status: int = 200, mimetype: str = "application/json") -> Response:
    return Response(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), status=status, mimetype=mimetype)


BLUEPRINTS = (list_blueprint(PLANS), check, plans)
