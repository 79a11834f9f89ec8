"""Every route x (nobody, wrong right, right one): a new unguarded route fails here by itself."""

from __future__ import annotations

from datetime import date

import pytest

from gis_grid import app
from gis_grid.access.guard import PUBLIC, SIGNED_IN
from gis_grid.access.rules import RIGHTS
from gis_grid.app import create_app
from tests.conftest import problem


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_held_in_memory_has_an_end(client, bearer, monkeypatch, chunked: bool) -> None:
    monkeypatch.setattr(app, "_MOST_IN_MEMORY", 2 << 20)
    given = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input_terminated": True} if chunked else {}
    asked = {"headers": bearer(["areas.read"], ("",)), "content_type": "application/json", "environ_overrides": given}
    body = b'{"points": [[106.5, 29.5]]' + b" " * (1 << 20) + b"}"
    assert client.post("/api/locate", data=body, **asked).status_code == 200
    answer = client.post("/api/locate", data=body + b" " * (2 << 20), **asked)
    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")


PUBLIC_ROUTES = {
    ("post", "/api/session"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/api/openapi.json"),
    ("get", "/api/docs"),
    ("get", "/"),
    ("get", "/{path}"),
    ("get", "/g/{code}"),
    ("get", "/ingest/osmand"),  # these ask for a device's key
    ("post", "/ingest/osmand"),
    ("get", "/ingest/osmand/{path}"),
    ("post", "/ingest/osmand/{path}"),
    ("post", "/ingest/owntracks"),
    ("get", "/conformance"),
}
FILL = {"key": "1", "unit_id": "1", "job_id": "1", "list_name": "sex", "kind": "events", "names": "grids", "username": "x"}
FILL |= {"token_id": "999999", "z": "14", "x": "1", "y": "1", "path": "x"}
FILL |= {"source": "x", "name": "residents"}
FILL |= {"event_id": "1", "plan_id": "1", "code": "x", "srid": "4326", "place": "1,1", "relation": "touches", "level": "grid"}
FILL |= {"form": "svg", "tag_id": "1", "photo_id": "1", "change_id": "1", "size": "preview", "device_id": "1", "track_id": "1"}
FILL |= {"shift_id": "1", "route_id": "1", "visit_id": "1", "check_id": "1"}
FILL |= {"pinned": "households", "owner": "residents"}
FILL |= {"batch": "0123456789abcdef"}
FILL |= {"name": "events", "scheme": "WebMercatorQuad"}
# what names a row of a register in a path
OWN = ("key", "unit_id", "event_id", "plan_id", "change_id", "device_id", "track_id", "shift_id", "route_id")
QUERIES = {"swap": {"day": "2026-11-22"}}
BODIES = {
    "unmask": {"purpose": "核对信息"},
    "swap": {"day": "2026-11-22", "worker": "李"},
    "layout": {"highest": 1, "doors": 1},
    "preview": {"highest": 1, "doors": 1},
    "repair": {"key": "x", "how": "snap"},
    "grid": {"area_code": "500103001001002", "reason": "核对信息"},
    "arrival": {"person": {"name": "王"}},
    "birth": {"child": {"name": "王", "birth_date": "2020-01-01"}},
    "head": {"members": [{"resident_id": 1, "relation": "02"}]},
    "join": {"other_id": 1, "members": [{"resident_id": 1, "relation": "20"}]},
    "merge": {"other_id": 1},
    "move": {"room_id": 1},
    "split": {"members": [{"resident_id": 1, "relation": "02"}]},
    "tags": {"code": "floating"},
    "tenants": {"people": [{"name": "王", "relation": "02"}]},
    "draft": {"body": "title: x"},
    "changes": {"operation": "merge", "codes": ["500103001001002"], "into": "500103001001001"},
}


def routes() -> list[tuple[str, str, str]]:
    paths = create_app().extensions["grid_api"].spec.to_dict()["paths"]
    return [
        (method, path, told["x-right"])
        for path, methods in sorted(paths.items())
        for method, told in sorted(methods.items())
        if method in ("get", "post", "patch", "delete", "put")
    ]


def send(client, method: str, path: str, headers: dict[str, str] | None = None):
    headers = {**(headers or {}), "If-Match": '"1"'}
    body = {} if method in ("post", "patch", "put") else None
    return client.open(path.format(**FILL), method=method.upper(), headers=headers, json=body)


def test_every_view_of_the_service_is_in_the_document_with_a_right() -> None:
    app = create_app()
    missing = [
        (rule.rule, view.__name__)
        for rule in app.url_map.iter_rules()
        if not hasattr(view := app.view_functions[rule.endpoint], "right")
    ]
    assert missing == []
    assert {right for _, _, right in routes()} <= {*RIGHTS, PUBLIC, SIGNED_IN}


def test_only_the_known_routes_are_public() -> None:
    assert {(method, path) for method, path, right in routes() if right == PUBLIC} == PUBLIC_ROUTES


def test_nobody_is_asked_to_sign_in_everywhere(client) -> None:
    for method, path, right in routes():
        if right != PUBLIC:
            answer = send(client, method, path)
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert problem(answer)["code"] == "unauthenticated"


def test_the_wrong_right_is_refused_everywhere(client, bearer) -> None:
    for method, path, right in routes():
        if right in (PUBLIC, SIGNED_IN):
            continue
        headers = bearer([name for name in RIGHTS if name != right])
        answer = send(client, method, path, headers)
        assert answer.status_code == 403, (method, path, answer.status_code, answer.data[:200])
        assert problem(answer)["right"] == right


def test_the_right_one_is_never_refused_for_its_right(client, bearer) -> None:
    headers = bearer(list(RIGHTS))
    for method, path, right in routes():
        answer = send(client, method, path, headers)
        assert answer.status_code not in (401, 403, 500), (method, path, right, answer.status_code, answer.data[:300])


@pytest.mark.parametrize("header", ["Bearer gg_wrong", "Bearer "])
def test_a_wrong_token_is_refused(client, header: str) -> None:
    assert client.get("/api/session", headers={"Authorization": header}).status_code == 401


@pytest.fixture
def one_of_each(session) -> dict[str, object]:
    """The keys of one row of every register, all in the first grid of the town."""
    from gis_grid.areas.models import Staff
    from gis_grid.buildings.models import Estate
    from gis_grid.events.models import Event
    from gis_grid.patrol.models import Device, Target, Track
    from gis_grid.patrol.planned import PatrolRoute
    from gis_grid.patrol.shifts import Shift
    from gis_grid.people.models import Household, Resident, Valuable
    from gis_grid.plans.models import Plan
    from gis_grid.premises import Premises, PremisesStaff
    from tests.factories import GRID_1, make_home, make_town

    make_town()
    room = make_home(0)
    here = {"area_code": GRID_1, "placed_by": "inside"}
    device = Device(code="D", **here)
    session.add(device)
    session.flush()
    household = Household(number="H", room_id=room.id, **here)
    from gis_grid.notices.models import BoardPrint, BoardSetting, BoardTemplate

    printed = {"template": "a4", "orientation": "portrait", "content_hash": "h", "content": {}, "made_by": "测试"}
    rows = {
        "board-settings": BoardSetting(area_code=GRID_1),
        "board-templates": BoardTemplate(area_code=GRID_1, name="自定", body="title: x"),
        "board-prints": BoardPrint(area_code=GRID_1, **printed),
        "estates": Estate(code="E", name="小区", **here),
        "events": Event(number="E", **here),
        "premises": Premises(code="P", name="店", **here),
        "devices": device,
        "shifts": Shift(worker="王", starts="08:00", ends="12:00", **here),
        "patrol-routes": PatrolRoute(name="路线", plan={"stops": [{"target_id": 1}]}, **here),
        "targets": Target(kind="checkpoint", name="点", **here),
        "tracks": Track(device_id=device.id, day=date(2026, 11, 22), device="D", fixes=1, length_m=0, minutes=0, **here),
        "households": household,
        "plans": Plan(name="方案", area_code=GRID_1, made_by="测试"),
    }
    session.add_all(rows.values())
    session.flush()
    resident = Resident(name="王", household_id=household.id, phone_hash=b"1", **here)
    session.add_all([resident, Resident(name="王", household_id=household.id, phone_hash=b"1", **here)])  # twice the same
    session.flush()
    valuable = Valuable(resident_id=resident.id, kind="car", name="轿车", **here)
    staff = PremisesStaff(premises_id=rows["premises"].id, name="店员", **here)
    session.add_all([valuable, staff])
    session.flush()
    keys = {name: row.id for name, row in rows.items()} | {"residents": resident.id}
    keys |= {"valuables": valuable.id, "premises_staff": staff.id}
    keys |= {"areas": GRID_1, "buildings": room.building_id, "units": room.unit_id, "rooms": room.id}
    return keys | {"staff": session.query(Staff.id).filter(Staff.area_code == GRID_1).scalar()}


def test_a_caller_of_another_area_gets_no_row_of_this_one_from_any_route(client, bearer, one_of_each) -> None:
    mine, other = bearer(list(RIGHTS)), bearer(list(RIGHTS), ("620105",))
    seen = 0
    for method, path, right in routes():
        name = path.split("/")[2] if path.startswith("/api/") else ""
        if name not in one_of_each or right == PUBLIC:
            continue
        if any(f"{{{own}}}" in path for own in OWN):
            seen += 1
            real = path.format(**{**FILL, **dict.fromkeys(OWN, one_of_each[name]), "code": "500103001001001"})
            last = path.rsplit("/", 1)[-1]
            writes = method in ("post", "patch", "put")
            given = {"json": BODIES.get(last, {})} if writes else {"query_string": QUERIES.get(last, {})}
            answer = client.open(real, method=method.upper(), headers={**other, "If-Match": '"1"'}, **given)
            assert answer.status_code in (403, 404), (method, path, answer.status_code, answer.data[:200])
        elif method == "get":
            seen += 1
            rows = "findings" if path.endswith("/check") else "items"
            assert client.get(path, headers=other).json[rows] == [], path
            assert len(client.get(path, headers=mine).json[rows]) >= 1, path
    assert seen >= 55


def test_a_caller_of_another_area_finds_none_of_these_rows_in_any_collection(client, bearer, one_of_each) -> None:
    mine, other = bearer(list(RIGHTS)), bearer(list(RIGHTS), ("620105",))
    unscoped = {"roads", "water", "green"}  # the ground of the map: nobody's data
    seen = 0
    for told in client.get("/collections", headers=other).json["collections"]:
        items = f"/collections/{told['id']}/items"
        if told["id"] in unscoped:
            continue
        assert "extent" not in told, "the box of others' areas is theirs"
        assert client.get(items, headers=other).json["features"] == [], items
        for one in client.get(items, headers=mine).json["features"]:
            seen += 1
            for method in ("get", "put", "patch", "delete"):
                given = {"json": {"type": "Feature"}} if method in ("put", "patch") else {}
                headers = {**other, "If-Match": '"1"'}
                answer = client.open(f"{items}/{one['id']}", method=method.upper(), headers=headers, **given)
                assert answer.status_code in (404, 409), (method, items, answer.status_code)  # 409: not written by anybody
    assert seen >= 6
