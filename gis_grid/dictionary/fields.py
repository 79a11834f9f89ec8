"""Schema fields that take codes of a list."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields

from gis_grid.dictionary.actions import has_code


class CodeField(fields.String):
    """A string that must be a code of a list; the list is checked in the database when the value is used."""

    def __init__(self, list_name: str, **options: Any) -> None:
        metadata = {**options.pop("metadata", {}), "dictionary": list_name}
        super().__init__(metadata=metadata, **options)
        self.list_name = list_name

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not re.fullmatch(r"[\w.-]{1,20}", text) or not has_code(self.list_name, text):
            raise ValidationError(f"“{text[:20]}”不是代码表 {self.list_name} 中的代码。")
        return text


def code_field(list_name: str, **options: Any) -> CodeField:
    """A schema field for codes of `list_name`."""
    return CodeField(list_name, **options)
