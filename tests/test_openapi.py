"""The OpenAPI document: valid, self-contained."""

from __future__ import annotations

import json

from openapi_spec_validator import validate

from gis_grid.app import create_app


def test_the_document_is_valid_and_names_no_other_host() -> None:
    document = create_app().extensions["grid_api"].spec.to_dict()
    validate(document)
    text = json.dumps(document)
    assert "http://" not in text
    assert "https://" not in text
    assert document["openapi"].startswith("3.0")
