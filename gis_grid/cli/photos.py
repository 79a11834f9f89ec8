"""`gis-grid photos ...`."""

from __future__ import annotations

import click

from gis_grid.cli.run import command_line


@click.group()
def photos() -> None:
    """Photos beside the database."""


@photos.command("sweep")
@click.option("--run", is_flag=True, help="Delete them; without this they are only counted.")
@click.option("--days", default=30, type=click.IntRange(1, 3650), help="Leave files younger than so many days; default 30.")
def sweep(run: bool, days: int) -> None:
    """Files that no photo names any more: counted, and deleted with --run. Make a backup first."""
    from gis_grid.app import load_features
    from gis_grid.photos.sweep import sweep_photos

    load_features()
    with command_line():
        told = sweep_photos(run=run, days=days)
    done = "已删除" if run else "可以删除（加 --run 执行）"
    click.echo(f"{done}：{told.files} 个文件，{told.bytes / 1024**2:.1f} MB")
    if told.missing:
        click.echo(f"注意：有 {told.missing} 张在用的照片缺少文件，请从备份恢复。")
