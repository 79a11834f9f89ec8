"""`gis-grid ...`: one thin command per verb, no logic."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click

from gis_grid import __version__, cluster
from gis_grid.config import settings
from gis_grid.errors import GridError

GEOMETRIES = ("areas", "buildings", "premises", "events", "tracks")
SHEETS = ("residents", "households", "rooms", "units", "staff")
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
    click.echo(answer["why"]["sentence"])


@cli.group()
def areas() -> None:
    """The division: check it, propose another, assign everything anew."""


@areas.command("check")
@click.argument("prefix", default="")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="On which day; default today.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the geometry of each finding.")
def areas_check(prefix: str, at: Any, as_json: bool) -> None:
    """Seams, codes, cut buildings and sizes of the areas under a code PREFIX (default all). Exit code 2 when not seamless."""
    from gis_grid.app import load_features
    from gis_grid.plans.check import LABELS, check_division

    load_features()
    with command_line():
        report = check_division(prefix, at.date() if at else None)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        counts = "  ".join(f"{LABELS[kind]} {count}" for kind, count in report["counts"].items())
        click.echo(f"{report['at']}：{sum(report['areas'].values())} 个区域；{counts or '没有问题'}")
        for finding in report["findings"][:50]:
            click.echo(f"  {finding['label']}  {'、'.join(finding['codes'])}  {finding['message']}")
        if len(report["findings"]) > 50:
            click.echo(f"  ……另有 {len(report['findings']) - 50} 条，用 --json 看全部")
    if not report["is_seamless"]:
        sys.exit(2)


@areas.command("propose")
@click.argument("community")
@click.option("--households", default="300..500", help="How many per grid, e.g. 300..500.")
@click.option("--seed", default=0, help="Another seed, another proposal.")
def areas_propose(community: str, households: str, seed: int) -> None:
    """Propose a division of a COMMUNITY: balanced, compact, along roads and water, no building cut. The result is a plan."""
    from gis_grid.app import load_features
    from gis_grid.plans.propose import propose

    low, _, high = households.partition("..")
    if not (low.isdigit() and high.isdigit()):
        raise click.BadParameter("写作 300..500", param_hint="--households")
    load_features()
    with command_line():
        plan, scores = propose(community, int(low), int(high), seed)
        click.echo(f"方案 {plan.id}：{plan.name}")
    labels = {"share_in_rule": "合规", "spread": "户数离散", "compactness": "紧凑", "on_roads": "沿路沿水"}
    for name, score in (("现状", scores["present"]), ("建议", scores["proposed"])):
        if score:
            told = "  ".join(f"{label} {score[key]:.2f}" for key, label in labels.items())
            click.echo(f"{name}：{len(score['households'])} 格  {told}  户数 {score['households']}")


@areas.command("reassign")
def areas_reassign() -> None:
    """Assign everything located to its area from scratch, by today's boundaries; says what changed."""
    from gis_grid.app import load_features
    from gis_grid.areas.reassign import reassign, told_counts

    load_features()
    with command_line(), shown_progress("reassign") as progress:
        reassign(None, progress)
        totals = told_counts()
    click.echo("  ".join(f"{kind} {count}" for kind, count in totals.items()) or "全部已在应在的区域，没有变动。")


@cli.command()
@click.option("--scale", type=click.Choice(SCALES), default="community", help="How large.")
@click.option("--seed", default=1, help="Another seed, another town.")
@click.option("--reset", is_flag=True, help="Remove the demo town first.")
@click.option("--if-none", is_flag=True, help="Do nothing when any demo town is there, whatever its scale.")
def demo(scale: str, seed: int, reset: bool, if_none: bool) -> None:
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
        report = load_town(scale, seed, lambda step, done, total: progress(done, total, step))
    for line in report.lines():
        click.echo(line)
    if others:
        click.echo(f"注意：另有 {others} 条非演示记录原在演示网格内，已保留，现为未定位。")


@cli.group()
def user() -> None:
    """Users."""


@user.command("add")
@click.argument("username")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="administrator, district, street, community, ...")
@click.option("--scope", "scopes", multiple=True, help="Area code (prefix); none: everywhere.")
def user_add(username: str, name: str, roles: tuple[str, ...], scopes: tuple[str, ...]) -> None:
    """Add a user; prints the one-time password."""
    import gis_grid.audit  # noqa: F401  keeps what happens
    from gis_grid.access.actions import create_user

    with command_line():
        once = create_user(username, name, list(roles), list(scopes) or [""])
    click.echo(f"{username}  {once}")


@user.command("reset-password")
@click.argument("username")
def user_reset(username: str) -> None:
    """A new one-time password; also ends a lock."""
    import gis_grid.audit  # noqa: F401  keeps what happens
    from gis_grid.access.actions import reset_password

    with command_line():
        once = reset_password(username)
    click.echo(f"{username}  {once}")


@contextmanager
def command_line() -> Iterator[None]:
    """One transaction with the rights of whoever sits at the machine."""
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.db import long_engine, transaction

    with transaction(long_engine()), acting(COMMAND):
        yield


@contextmanager
def shown_progress(title: str) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def tell(done: int, total: int | None, step: str = title) -> None:
            bar.update(task, completed=done, total=total, description=step)

        yield tell


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


if __name__ == "__main__":
    main()
