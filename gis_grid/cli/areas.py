"""gis-grid areas ..."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from gis_grid.cli.run import command_line, shown_progress


@click.group()
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
    from gis_grid.areas.reassign import follow_in_pieces, reassign_points, told_counts

    load_features()
    with shown_progress("reassign") as progress:
        with command_line():
            left = reassign_points(progress)
            totals = told_counts()
        for kind, count in follow_in_pieces(left, progress).items():
            totals[kind] = totals.get(kind, 0) + count
    click.echo("  ".join(f"{kind} {count}" for kind, count in totals.items()) or "全部已在应在的区域，没有变动。")
