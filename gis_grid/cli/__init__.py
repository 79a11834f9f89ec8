"""`gis-grid ...`: one thin command per verb, no logic."""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click

from gis_grid import __version__, cluster
from gis_grid.cli.areas import areas
from gis_grid.cli.boards import boards
from gis_grid.cli.patrol import patrol, retention
from gis_grid.cli.photos import photos
from gis_grid.cli.run import command_line, shown_progress
from gis_grid.cli.tiles import tiles
from gis_grid.cli.users import user
from gis_grid.config import settings
from gis_grid.errors import GridError

GEOMETRIES = ("areas", "buildings", "premises", "events", "tracks")
SHEETS = ("residents", "households", "estates", "rooms", "units", "valuables", "premises_staff", "staff")
SCALES = ("community", "district", "city")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """社区网格空间服务：哪个网格，谁负责。"""


@cli.group()
def db() -> None:
    """The private PostgreSQL + PostGIS."""


@db.command("start")
def db_start() -> None:
    """Start it; make it at the first start."""
    if settings().database_url:
        click.echo("DATABASE_URL is set: that database is used, nothing to start.")
        return
    found = cluster.start(settings())
    click.echo(f"Database {'started' if found.started else 'is running'} on 127.0.0.1:{found.port}, data in {found.directory}")


@db.command("stop")
def db_stop() -> None:
    """Stop it; nothing committed is lost."""
    click.echo("Database stopped." if cluster.stop(settings()) else "Database was not running.")


@db.command("status")
def db_status() -> None:
    """Whether it runs, where, and on which port."""
    found = cluster.status(settings())
    state = "running" if found.running else "stopped" if found.exists else "not made yet"
    click.echo(f"{state}; port {found.port}; data in {found.directory}; PostgreSQL {found.version}")
    if not found.running:
        sys.exit(1)


@cli.command()
def migrate() -> None:
    """Bring the database to the latest schema."""
    from gis_grid.migrate import migrate as bring_up

    click.echo(f"Schema {bring_up()}.")


@cli.command("freshness")
def give_days_anew() -> None:
    """Give verified rows the day they are due again, after dictionary/freshness.yaml changed."""
    from gis_grid.app import load_features
    from gis_grid.visits.actions import give_days_anew as anew

    load_features()
    with command_line():
        changed = anew()
    click.echo("  ".join(f"{kind} {count:,}" for kind, count in changed.items()))


@cli.command()
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", default=None, type=click.IntRange(1, 65535), help="Port to listen on.")
def serve(host: str | None, port: int | None) -> None:
    """Answer requests and work on jobs until stopped."""
    from gis_grid.serve import serve as serve_forever

    serve_forever(host or settings().host, port or settings().port)


@cli.command()
def work() -> None:
    """Work on jobs only (`serve` starts one of these itself)."""
    from gis_grid.app import load_features
    from gis_grid.jobs.actions import work_forever

    load_features()
    work_forever()


@cli.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from gis_grid.app import create_app

    app = create_app()
    click.echo(json.dumps(app.extensions["grid_api"].spec.to_dict(), ensure_ascii=False, indent=1, sort_keys=True))


@cli.command()
@click.argument("kind", type=click.Choice([*GEOMETRIES, *SHEETS]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--level", default="grid", help="For areas: district, street, community or grid.")
@click.option("--crs", help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n; default: what the file says, else wgs84.")
@click.option("--encoding", help="For Shapefile and CSV, e.g. gbk.")
@click.option("--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Which column fills a field; may repeat.")
@click.option("--code-prefix", help="For areas without codes: number them below this prefix.")
@click.option("--any-code", is_flag=True, help="For areas with codes of another scheme.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="For areas: the day from which the boundaries hold.")
@click.option("--sheet", help="The worksheet, when a workbook has several that fit.")
@click.option("--source", help="The office whose saved column names are to be used.")
@click.option("--keep-good", is_flag=True, help="Keep the good rows although others are refused.")
@click.option("--repair", is_flag=True, help="Repair invalid polygons; each repair is told.")
@click.option("--dry-run", is_flag=True, help="Check everything, keep nothing.")
@click.option(
    "--remarks", type=click.Path(path_type=Path), help="Where to write refused and odd rows (default FILE.remarks.csv)."
)
def load(kind: str, file: Path, columns: tuple[str, ...], remarks: Path | None, **given: Any) -> None:
    """Load a file: GeoJSON (.gz), zipped Shapefile, GeoPackage, FlatGeobuf, CSV, Excel; tracks: GPX, PLT, CSV or a zip.

    People, homes, rooms, units and staff come as sheets (.xlsx, .xls, .csv); refused rows go to a workbook beside the remarks.
    """
    from gis_grid.app import load_features
    from gis_grid.imports.actions import run_import
    from gis_grid.imports.offers import Options

    load_features()
    given["since"] = given["since"].date().isoformat() if given["since"] else None
    options = Options(columns=dict(pair.split("=", 1) for pair in columns if "=" in pair), **given)
    remarks = remarks or _remarks_path(file)
    try:
        with command_line(), shown_progress(f"load {kind}") as progress:
            report = run_import(kind, file, file.name, options, remarks, progress)
    except GridError as refused:
        if refused.extra.get("report"):
            _show_report(refused.extra["report"], remarks)
        raise
    _show_report(report, remarks)


@cli.command()
@click.argument("register")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--where", help="Which rows, as JSON; default all.")
@click.option("--purpose", required=True, help="What for; it stands in the first row and in the audit log.")
@click.option("--plain", is_flag=True, help="Identity and phone numbers as they are.")
def export(register: str, file: Path, where: str | None, purpose: str, plain: bool) -> None:
    """Write a register into a sheet (.xlsx or .csv)."""
    from gis_grid.app import load_features
    from gis_grid.sheets.export import Wanted
    from gis_grid.sheets.export import export as write

    load_features()
    wanted = Wanted(register, purpose, json.loads(where) if where else None, plain=plain)
    with command_line(), shown_progress(f"export {register}") as progress:
        click.echo(f"导出 {write(wanted, file, progress)['rows']} 行：{file}")


@cli.command()
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--crs", default="wgs84", help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="On which day; default today.")
@click.option("--accuracy", "accuracy_m", type=float, help="Accuracy of the position in metres.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def locate(lon: float, lat: float, crs: str, at: Any, accuracy_m: float | None, as_json: bool) -> None:
    """Which grid is this, who is responsible, and why? (Negative numbers: put -- before them.)"""
    from gis_grid.areas.actions import locate as find

    day: date | None = at.date() if at else None
    with command_line():
        answer = find(lon, lat, crs, day, accuracy_m)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    for link in answer["chain"]:
        click.echo(f"{link['level_name']}  {link['code']}  {link['name']}")
    for person in answer["responsible"]:
        click.echo(f"负责人  {person['area_name']} {person['post_name']} {person['name']} {person['duty_phone'] or ''}")
    if answer["vacancy"]:
        click.echo(answer["vacancy"])
    click.echo(answer["why"]["sentence"])


@cli.command()
@click.option("--scale", type=click.Choice(SCALES), default="community", help="How large.")
@click.option("--districts", type=click.IntRange(2, 10), help="Of a city: how many districts of 650,000 people; default 10.")
@click.option("--seed", default=1, help="Another seed, another town.")
@click.option("--reset", is_flag=True, help="Remove the demo town first.")
@click.option("--if-none", is_flag=True, help="Do nothing when any demo town is there, whatever its scale.")
def demo(scale: str, districts: int | None, seed: int, reset: bool, if_none: bool) -> None:
    """Load the demo town: generated, fictional, deterministic. Prints the demo accounts with one-time passwords."""
    from gis_grid.areas.models import has_demo

    with command_line():
        if if_none and has_demo():
            click.echo("演示数据已在，未作改动。重新加载请用 --reset（会给出新的演示账号密码）。")
            return
    from gis_grid.app import load_features
    from gis_grid.demo.actions import load_town, remove_town

    load_features()
    with command_line(), shown_progress(f"demo {scale}") as progress:
        others = remove_town() if reset else 0
        report = load_town(scale, seed, lambda step, done, total: progress(done, total, step), districts=districts)
    for line in report.lines():
        click.echo(line)
    if others:
        click.echo(f"注意：另有 {others} 条非演示记录原在演示网格内，已保留，现为未定位。")


for _group in (areas, boards, patrol, photos, retention, tiles, user):
    cli.add_command(_group)


def main() -> None:
    """Run; a known error is one sentence and exit code 1."""
    try:
        cli(standalone_mode=True)
    except GridError as fault:
        click.echo(f"错误：{fault.detail}", err=True)
        sys.exit(1)
    except Exception as fault:
        click.echo(f"错误：{_told(fault)}", err=True)
        sys.exit(1)


def _told(fault: Exception) -> str:
    """A database's refusal as a sentence; anything else is a fault of ours and is shown as it is."""
    from sqlalchemy.exc import DBAPIError, OperationalError

    from gis_grid.problems import from_database, sqlstate

    if not isinstance(fault, DBAPIError):
        raise fault
    if sqlstate(fault) == "42P01":
        return "数据库结构尚未建立：请先运行 gis-grid migrate。"
    return f"{from_database(fault, isinstance(fault, OperationalError)).detail}（{sqlstate(fault)}）"


def _remarks_path(file: Path) -> Path:
    beside = file.with_name(file.name + ".remarks.csv")
    try:
        beside.touch()
    except OSError:
        return Path(tempfile.gettempdir()) / beside.name
    return beside


def _show_report(report: dict[str, Any], remarks: Path) -> None:
    shown = {"rows": "读取", "inserted": "新增", "updated": "更新", "unchanged": "未变", "refused": "拒绝", "repaired": "修复"}
    click.echo(
        "  ".join(f"{label} {report[name]}" for name, label in shown.items())
        + ("（试运行，未保存）" if report.get("dry_run") else "")
    )
    if report["placed"]:
        labels = {"inside": "落入网格", "edge": "在边界上", "nearest": "就近归入", "unplaced": "网格之外"}
        click.echo("  ".join(f"{labels[name]} {count}" for name, count in report["placed"].items()))
    for warning in report["warnings"]:
        click.echo(f"注意：{warning}")
    for remark in report["remarks"][:10]:
        click.echo(f"  第 {remark['row']} 行 {remark['outcome']} {remark['field']} {remark['value'][:60]}：{remark['reason']}")
    if report["remarks"]:
        click.echo(f"明细：{remarks}")
