"""gis-grid tiles ..."""

from __future__ import annotations

from pathlib import Path

import click

from gis_grid.cli.run import command_line, shown_progress


@click.group()
def tiles() -> None:
    """Tiles made beforehand: for a wall display, or as a file for phones without a network."""


@tiles.command("seed")
@click.argument("layers")
@click.option("--user", "username", help="Whose scope and rights; default: the whole.")
@click.option("--maxzoom", default=16, help="Down to this zoom.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Also write a PMTiles file.")
def tiles_seed(layers: str, username: str | None, maxzoom: int, file: Path | None) -> None:
    """Make all tiles of LAYERS (comma separated), as that user will ask for them; they wait on disk for all workers."""
    from gis_grid.access.actions import caller_named
    from gis_grid.access.guard import acting, caller
    from gis_grid.app import load_features
    from gis_grid.maps import bundle
    from gis_grid.maps.tiles import asked_layers

    load_features()
    with command_line(), shown_progress("tiles") as progress, acting(caller_named(username) if username else caller()):
        wanted, count, size = asked_layers(layers), 0, 0
        for body in bundle.seed(wanted, maxzoom):
            count, size = count + 1, size + body
            progress(count, None)
        if file:
            with file.open("w+b") as opened:
                bundle.write(opened, wanted, maxzoom, bundle.scope_box())
    click.echo(f"{count} 个瓦片，{size / 1e6:.1f} MB")
