"""`gis-grid patrol ...` and `gis-grid retention ...`: one thin command per verb."""

from __future__ import annotations

import click

from gis_grid.cli.run import command_line


@click.group()
def patrol() -> None:
    """Patrols: what they should pass, tracks of the days that got fixes."""


@patrol.command("targets")
def patrol_targets() -> None:
    """Take entrances and pieces of street from the map as targets, anew."""
    from gis_grid.app import load_features
    from gis_grid.patrol.targets import refresh_targets

    load_features()
    with command_line():
        counts = refresh_targets()
    click.echo("  ".join(f"{kind} {count}" for kind, count in counts.items()) or "没有目标：地图上还没有入口和街道。")


@patrol.command("digest")
def patrol_digest() -> None:
    """Make the tracks of all days that got fixes, now (the worker does it every ten minutes)."""
    from gis_grid.app import load_features
    from gis_grid.patrol.due import digest_next

    load_features()
    done = 0
    while True:
        with command_line():
            if digest_next(everything=True) is None:
                break
        done += 1
    click.echo(f"{done} 条轨迹已更新。")


@click.group()
def retention() -> None:
    """How long tracks are kept."""


@retention.command("run")
@click.option("--really", is_flag=True, help="Do it; without, only count what would go.")
def retention_run(really: bool) -> None:
    """Thin tracks after GIS_GRID_TRACK_THIN_DAYS, keep only totals and coverage after GIS_GRID_TRACK_KEEP_DAYS."""
    from gis_grid.app import load_features
    from gis_grid.patrol.retention import retention as run

    load_features()
    with command_line():
        told = run(dry_run=not really)
    click.echo(f"{told['thin_before']} 之前：定位点 {told['fixes']} 删除，轨迹段 {told['segments_to_thin']} 压缩归档")
    dropped = told["segments_to_drop"] + told["archived_to_drop"]
    click.echo(f"{told['drop_before']} 之前：轨迹段 {dropped}、停留 {told['stays']} 删除，只留合计与覆盖")
    if not really:
        click.echo("以上为试运行，未作改动；确认后加 --really。")
