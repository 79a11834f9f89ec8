"""Register: list, filter, keep, change, retire, scope and paging for one described table."""

from gis_grid.register.actions import Register
from gis_grid.register.api import list_blueprint, register_blueprint

__all__ = ["Register", "list_blueprint", "register_blueprint"]
