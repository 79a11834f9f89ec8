"""The console's API client is generated from the service's own document; a stale one is found here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gis_grid.app import create_app
from tests.live import ROOT


def test_the_client_is_generated_from_todays_document(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(create_app().extensions["grid_api"].spec.to_dict()), encoding="utf-8")
    node = Path(sys.executable).with_name("node")
    fresh = tmp_path / "schema.d.ts"
    subprocess.run([node, ROOT / "web/scripts/client.mjs", document, fresh], cwd=ROOT / "web", check=True, timeout=120)
    told = "The client is stale: gis-grid openapi > openapi.json; cd web; npm run client"
    assert fresh.read_text(encoding="utf-8") == (ROOT / "web/src/api/schema.d.ts").read_text(encoding="utf-8"), told
