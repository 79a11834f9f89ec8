"""Code tables: standard ones from dictionary/*.csv, the office's own entries and words beside them; served by list."""

from gis_grid.dictionary.actions import (
    FOLDER,
    Entry,
    active_names,
    has_code,
    load_dictionary,
    names,
    own_synonyms,
    sensitive_codes,
)
from gis_grid.dictionary.fields import CodeField, code_field

__all__ = [
    "FOLDER",
    "CodeField",
    "Entry",
    "active_names",
    "code_field",
    "has_code",
    "load_dictionary",
    "names",
    "own_synonyms",
    "sensitive_codes",
]
