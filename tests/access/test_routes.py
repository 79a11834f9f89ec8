"""Every route x (nobody, wrong right, right one): a new unguarded route fails here by itself."""

from __future__ import annotations

import pytest

from gis_grid.access.guard import PUBLIC, SIGNED_IN
from gis_grid.access.rules import RIGHTS
from gis_grid.app import create_app
from tests.conftest import problem

PUBLIC_ROUTES = {
    ("post", "/api/session"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/api/openapi.json"),
    ("get", "/api/docs"),
    ("get", "/"),
    ("get", "/{path}"),
}
FILL = {"key": "1", "unit_id": "1", "job_id": "1", "list_name": "sex", "kind": "events", "names": "grids", "username": "x"}
FILL |= {"token_id": "999999", "z": "14", "x": "1", "y": "1", "path": "x"}


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
