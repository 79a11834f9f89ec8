"""`gis-grid boards ...`: print boards and sheets, list what must be printed again. One thin command per verb."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gis_grid import audit
from gis_grid.cli.run import command_line


@click.group()
def boards() -> None:
    """Notice boards: print them, list those that are out of date."""


@boards.command("print")
@click.argument("code")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write; default CODE.pdf, or CODE.zip for many.")
@click.option("--template", help="a4, a3, 8k, wall-600x900, wall-800x1200, wall-2400x1200, label-90x60 or an own one.")
@click.option("--orientation", type=click.Choice(["portrait", "landscape"]))
@click.option("--theme", help="blue, red or green.")
@click.option("--format", "kind", type=click.Choice(["pdf", "png", "svg"]), default="pdf")
@click.option("--dpi", type=click.FloatRange(20, 1200), default=150.0, help="Of PNG pictures.")
@click.option("--crop-marks", is_flag=True, help="With crop marks and 3 mm bleed.")
@click.option("--atlas", is_flag=True, help="The atlas of an area instead of its grids' boards.")
@click.option("--sheets", is_flag=True, help="Labels of all its grids, several on each sheet.")
def print_boards(
    code: str, *, out: Path | None, kind: str, dpi: float, crop_marks: bool, atlas: bool, sheets: bool, **wanted: Any
) -> None:
    """The board of a grid CODE, or those of all grids below another area as a zip. Each print is kept for the reprint list."""
    from gis_grid.notices.actions import Wish, check_code, grids_under, job_of, keep_print
    from gis_grid.notices.batch import Form, one_file
    from gis_grid.notices.jobs import print_all, print_atlas, print_labels

    wish, form = Wish(**wanted), Form(kind, dpi, crop_marks)
    with command_line():
        check_code(code)
        codes = grids_under(code)
        if atlas or sheets:
            path = out or Path(f"{code}.pdf")
            report = (print_atlas if atlas else print_labels)(code, codes, wish, path, lambda done, total: None)
        elif codes == [code]:
            path, job = out or Path(f"{code}.{kind}"), job_of(code, wish)
            file, gaps, refused = one_file(job, form)
            report = {"boards": int(file is not None), "gaps": {code: gaps}, "refused": {code: refused} if refused else {}}
            if file is not None:
                path.write_bytes(file)
                keep_print(job)
        else:
            path = out or Path(f"{code}.zip")
            report = print_all(codes, wish, form, path, lambda done, total: None)
    _tell(path, report)


@boards.command("page")
@click.argument("code")
@click.option("--layers", default="green,water,roads,buildings,grids", help="Names of layers, comma separated.")
@click.option("--title", help="What stands above the map.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write; default CODE.html.")
def map_page(code: str, layers: str, title: str | None, out: Path | None) -> None:
    """Chosen layers of an area CODE as one HTML file that opens without internet."""
    from gis_grid.notices.folium_page import write_page

    path = out or Path(f"{code}.html")
    with command_line():
        path.write_bytes(write_page(code, layers, title))
        audit.record("export", "map pages", code, after={"layers": layers}, area_code=code)
    click.echo(f"{path}：{path.stat().st_size / 1e6:.1f} MB，不联网即可打开。")


@boards.command("stale")
@click.argument("prefix", default="")
def list_stale(prefix: str) -> None:
    """Boards under a code PREFIX that say what is no longer true, and what changed."""
    from gis_grid.notices.stale import stale_prints

    with command_line():
        found = stale_prints(prefix)
    for row in found:
        click.echo(
            f"{row['area_code']}  {row['area_name']}  {row['template']}  {row['place'] or ''}  {'、'.join(row['changed'])}"
        )
    click.echo(f"共 {len(found)} 块公示牌应重印。")


def _tell(path: Path, report: dict[str, Any]) -> None:
    click.echo(f"{report['boards']} 块公示牌：{path}" if report["boards"] else "没有制作任何公示牌。")
    for code, gaps in report["gaps"].items():
        for gap in gaps:
            click.echo(f"  {code}  {gap}")
    for code, why in report["refused"].items():
        click.echo(f"  {code}  未制作：{why}")
