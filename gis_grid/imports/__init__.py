"""Files into registers: read, map, check, place, stage, merge; each feature offers what can be imported into it."""

from gis_grid.imports.offers import KINDS, Importable, Options, offer

__all__ = ["KINDS", "Importable", "Options", "offer"]
