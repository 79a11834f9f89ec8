"""Colours of all templates and themes survive four-colour print; the check itself tells neon from ink."""

from __future__ import annotations

import re

import pytest

from gis_grid.notices.inks import MOST_INK, inks, is_neon, total_ink, unprintable
from gis_grid.notices.style import COLOURS
from gis_grid.notices.templates import FOLDER, themes
from tests.notices.boards import job


def test_black_is_taken_out_of_grey() -> None:
    assert inks("#808080")[:3] == (0, 0, 0)
    assert inks("#808080")[3] == pytest.approx(49.8, abs=0.1)
    assert inks("#000000") == (0, 0, 0, 100)


@pytest.mark.parametrize("colour", ["#00ff00", "#ff0000", "#0000ff", "#ff00ff", "#39ff14", "#00e5ff"])
def test_what_only_screens_show_is_neon(colour: str) -> None:
    assert is_neon(colour)


@pytest.mark.parametrize("colour", ["#00aeef", "#ec008c", "#fff200", "#ed1c24", "#00a651", "#2e3192", "#ffffff", "#222222"])
def test_the_inks_themselves_are_not(colour: str) -> None:
    assert not is_neon(colour)


def test_every_colour_of_boards_can_be_printed() -> None:
    used = {*COLOURS.values(), *(colour for theme in themes().values() for colour in theme.values())}
    for path in FOLDER.iterdir():
        used |= {found.lower() for found in re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text(encoding="utf-8"))}
    assert unprintable(sorted(used)) == []
    assert max(map(total_ink, used)) <= MOST_INK


def test_an_own_colour_that_will_print_otherwise_is_told() -> None:
    from gis_grid.notices.render import compose
    from gis_grid.notices.templates import stock

    body = stock()["a4"].replace("theme: blue", 'theme: blue\ncolours: {main: "#00ff00"}')
    board = compose(job("own", own={"own": body}))
    assert "这些颜色印出来会偏色：#00ff00" in board.gaps
    assert "--main:#00ff00" in board.html
