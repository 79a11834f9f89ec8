"""The office's own colours: readable, told apart, versioned, and seen in the diagram at once."""

from __future__ import annotations

import pytest

from gis_grid.house_status.colours import colours
from gis_grid.house_status.own_colours import contrast
from tests.conftest import problem

PATH = "/api/house-status-colours"


@pytest.fixture
def painter(bearer) -> dict[str, str]:
    return bearer(["colours.write"])


def paint(client, painter, version: int = 0, **rules):
    return client.put(f"{PATH}/use", json={"version": version, "rules": rules}, headers=painter)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_change_holds_at_once_and_an_older_version_comes_back(client, painter) -> None:
    before = colours()
    painted = paint(client, painter, let={"color": "#ffd9a0", "label": "出租房"})
    assert painted.status_code == 200, painted.data
    assert colours().version == before.version + 1
    rule = colours().schemes["use"].rules["let"]
    assert (rule.color, rule.label, rule.mark) == ("#ffd9a0", "出租房", "租")
    assert problem(paint(client, painter, let={"color": "#ffffff"}))["code"] == "changed_meanwhile"
    back = client.post(f"{PATH}/versions", json={"version": 1, "to": 0}, headers=painter)
    assert back.json["version"] == 2
    assert colours().schemes["use"].rules["let"].color == before.schemes["use"].rules["let"].color
    assert [one["version"] for one in client.get(f"{PATH}/versions", headers=painter).json["items"]] == [2, 1]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"let": {"color": "#203040"}}, "颜色太深"),
        ({"let": {"color": "#bcdcf5", "pattern": "none", "mark": "自"}}, "分不清"),
        ({"let": {"color": "#GGGGGG"}}, "#rrggbb"),
        ({"nothing": {"color": "#ffffff"}}, "没有"),
    ],
)
def test_what_cannot_be_read_or_told_apart_is_refused(client, painter, rules: dict, said: str) -> None:
    refused = paint(client, painter, **rules)
    assert refused.status_code == 422
    assert said in problem(refused)["detail"]
