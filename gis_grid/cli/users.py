"""gis-grid user ..."""

from __future__ import annotations

import click

from gis_grid.cli.run import command_line


@click.group()
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
    from gis_grid.access.keeping import reset_password

    with command_line():
        once = reset_password(username)
    click.echo(f"{username}  {once}")


@user.command("reset-second-factor")
@click.argument("username")
def user_reset_second_factor(username: str) -> None:
    """For who lost the phone and the recovery codes: one-time codes are set up anew where they are required."""
    import gis_grid.audit  # noqa: F401  keeps what happens
    from gis_grid.access.factor import reset_second_factor

    with command_line():
        reset_second_factor(username)
    click.echo(f"{username}: no second factor any more")
