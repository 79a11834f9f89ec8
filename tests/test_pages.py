"""The console's files go out small: compressed at build, chosen by what the browser reads, each form with its own ETag."""

from __future__ import annotations

import gzip

import pytest

from gis_grid.pages import CONSOLE

pytestmark = pytest.mark.skipif(not (CONSOLE / "index.html").exists(), reason="the console is not built")


def asset() -> str:
    biggest = max(CONSOLE.glob("assets/*.js"), key=lambda path: path.stat().st_size)
    return f"/assets/{biggest.name}"


def test_each_browser_gets_the_smallest_form_it_reads(app) -> None:
    client, path = app.test_client(), asset()
    plain, zipped, brotli = (client.get(path, headers={"Accept-Encoding": form}) for form in ("", "gzip", "gzip, deflate, br"))
    assert [answer.headers.get("Content-Encoding") for answer in (plain, zipped, brotli)] == [None, "gzip", "br"]
    assert len(brotli.data) < len(zipped.data) < len(plain.data)
    assert gzip.decompress(zipped.data) == plain.data
    assert len({answer.headers["ETag"] for answer in (plain, zipped, brotli)}) == 3
    for answer in (plain, zipped, brotli):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.mimetype == "text/javascript"
        assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(path, headers={"Accept-Encoding": "br", "If-None-Match": brotli.headers["ETag"]})
    assert again.status_code == 304


def test_scripts_come_only_from_here_and_never_from_within_the_page(app) -> None:
    answer = app.test_client().get("/", headers={"Accept": "text/html"})
    rules = dict(rule.strip().partition(" ")[::2] for rule in answer.headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'self'"
    assert "script-src" not in rules, "default-src holds: no unsafe-inline, no other host"
    assert "<script>" not in answer.text
    assert "onload=" not in answer.text
