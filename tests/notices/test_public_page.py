"""The page behind the QR code: only what a board shows, to anybody, not too often."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.areas.models import Staff
from gis_grid.notices import pages
from tests.factories import COMMUNITY, GRID_1, GRID_2
from tests.notices.boards import printed


def test_the_public_page_opens_with_the_first_board_and_says_no_more(client, mine, session) -> None:
    assert client.get(f"/g/{GRID_1}").status_code == 404
    printed(client, mine)
    page = client.get(f"/g/{GRID_1}")
    assert page.status_code == 200 and "public, max-age" in page.headers["Cache-Control"]
    assert "张直" in page.text and 'href="tel:10012345678"' in page.text and "<svg" in page.text
    assert client.get(f"/g/{GRID_1}", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304
    assert client.get(f"/g/{GRID_2}").status_code == 404
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(name="张新"))
    assert "张新" in client.get(f"/g/{GRID_1}").text


def test_the_public_page_names_whom_any_of_its_boards_names(client, mine, session) -> None:
    session.add(Staff(area_code=GRID_1, name="王芳", post="mediator", duty_phone="10011112222"))
    session.flush()
    printed(client, mine)
    printed(client, mine, template="label-90x60")  # shows the worker and the leader only
    page = client.get(f"/g/{GRID_1}").text
    assert "王芳" in page
    assert page.index("张直") < page.index("王芳")


def test_who_scans_a_code_reads_a_sentence_not_json(client, street) -> None:
    page = client.get(f"/g/{GRID_1}", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "没有这个网格的公开页面" in page.text
    assert client.get(f"/g/{GRID_1}").mimetype == "application/problem+json"


def test_an_office_closes_its_public_pages(client, mine) -> None:
    printed(client, mine)
    client.post("/api/board-settings", headers=mine, json={"area_code": COMMUNITY, "public_page": False})
    assert client.get(f"/g/{GRID_1}").status_code == 404
    assert client.get(f"/api/boards/{GRID_1}/told", headers=mine).json["content"]["url"] is None


def test_the_public_page_is_rate_limited(client, mine) -> None:
    answers = [404]
    while answers[-1] == 404 and len(answers) < 50 * pages.PER_MINUTE:  # a slow machine is forgiven some meanwhile
        answers.append(client.get("/g/nothing").status_code)
    assert answers[-1] == 429
    assert len(answers) > pages.PER_MINUTE


def test_the_limiter_forgives_with_time() -> None:
    limiter = pages.Limiter(2)
    limiter.take("a", 0.0)
    limiter.take("a", 0.0)
    with pytest.raises(Exception, match="频繁"):
        limiter.take("a", 1.0)
    limiter.take("a", 31.0)
    limiter.take("b", 31.0)
