"""Abstract tests of OGC API Features Part 1 Core (17-069r4, annex A): what the documents say.

Classes and checks follow the executable test suite ets-ogcapi-features10, written anew for pytest.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from openapi_spec_validator import validate

from tests.conftest import problem
from tests.maps.ets.conftest import CRS84, Engine, link

CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


def check_self_and_alternate(document: dict, mime: str) -> None:
    """/req/core/fc-links: self, every other media type as alternate, all with rel and type."""
    assert link(document, "self", mime), document["links"]
    assert link(document, "alternate", "text/html"), document["links"]
    for one in document["links"]:
        assert one.get("rel") and one.get("type") and one.get("href"), one


class TestLandingPage:
    """A.2.2 Landing page."""

    def test_the_landing_page_is_there(self, engine: Engine) -> None:
        assert engine.get("/", accept="application/json").status_code == 200

    def test_it_links_the_api_the_conformance_and_the_data(self, engine: Engine) -> None:
        page = engine.once("/")
        rels = {one["rel"] for one in page["links"]}
        assert {"service-desc", "service-doc", "conformance", "data"} <= rels
        assert page["title"]
        assert page["description"]
        check_self_and_alternate(page, "application/json")

    def test_every_linked_document_is_there(self, engine: Engine) -> None:
        for one in engine.once("/")["links"]:
            if one["type"].startswith("application/"):
                answer = engine.get(one["href"].removeprefix("http://localhost"), accept=one["type"])
                assert answer.status_code == 200, one


class TestApiDefinition:
    """A.2.3 API definition path."""

    def test_the_definition_is_where_the_landing_page_says_with_the_type_it_says(self, engine: Engine) -> None:
        told = link(engine.once("/"), "service-desc")
        answer = engine.get(told["href"].removeprefix("http://localhost"), accept=told["type"])
        assert answer.status_code == 200
        assert answer.content_type == told["type"] == OPENAPI

    def test_it_is_valid_openapi_3_0(self, engine: Engine) -> None:
        assert engine.definition["openapi"].startswith("3.0")
        validate(json.loads(json.dumps(engine.definition)))

    def test_it_names_the_paths_of_every_collection(self, engine: Engine) -> None:
        for name in engine.names:
            here = f"/collections/{name}"
            assert {here, f"{here}/items", f"{here}/items/{{featureId}}"} <= set(engine.definition["paths"])


class TestConformance:
    """A.2.4 Conformance path."""

    def test_it_names_core_and_only_classes_as_uris(self, engine: Engine) -> None:
        told = engine.once("/conformance")["conformsTo"]
        assert {f"{CORE}core", f"{CORE}geojson", f"{CORE}oas30"} <= set(told)
        assert all(uri.startswith("http://www.opengis.net/spec/") for uri in told)
        assert len(told) == len(set(told))


class TestFeatureCollections:
    """A.2.5 Feature collections."""

    def test_metadata_operation_answers(self, engine: Engine) -> None:
        assert engine.get("/collections", accept="application/json").status_code == 200

    def test_metadata_has_links_to_itself_and_the_page(self, engine: Engine) -> None:
        check_self_and_alternate(engine.once("/collections"), "application/json")

    def test_metadata_lists_every_collection_with_id_and_links(self, engine: Engine) -> None:
        assert len(engine.names) == len(set(engine.names)) >= 12
        for one in engine.collections:
            assert one["links"]
            assert one["itemType"] == "feature"

    def test_metadata_begins_with_the_default_system(self, engine: Engine) -> None:
        assert engine.once("/collections")["crs"][0] == CRS84

    def test_every_collection_links_its_items_with_types(self, engine: Engine) -> None:
        for one in engine.collections:
            items = [told for told in one["links"] if told["rel"] == "items"]
            assert {"application/geo+json", "text/html"} <= {told["type"] for told in items}
            assert all(told["href"].startswith(f"http://localhost/collections/{one['id']}/items") for told in items)

    def test_every_extent_is_a_box_of_degrees(self, engine: Engine) -> None:
        for one in engine.collections:
            (box,) = one["extent"]["spatial"]["bbox"]
            west, south, east, north = box
            assert -180 <= west < east <= 180
            assert -90 <= south < north <= 90
            assert one["extent"]["spatial"].get("crs", CRS84) == CRS84


class TestFeatureCollection:
    """A.2.6 Feature collection."""

    def test_it_answers_for_every_collection(self, engine: Engine) -> None:
        for name in engine.names:
            assert engine.get(f"/collections/{name}", accept="application/json").status_code == 200

    def test_it_says_the_same_as_the_list(self, engine: Engine) -> None:
        for one in engine.collections:
            alone = engine.once(f"/collections/{one['id']}")
            for part in ("id", "title", "description", "extent", "crs", "itemType", "links"):
                assert alone[part] == one[part], (one["id"], part)
            check_self_and_alternate(alone, "application/json")

    def test_an_unknown_collection_is_not_found(self, engine: Engine) -> None:
        answer = engine.get("/collections/nonsense")
        assert answer.status_code == 404
        assert problem(answer)["code"] == "unknown_collection"


class TestFeature:
    """A.2.8 Feature."""

    def test_a_feature_of_every_collection_is_there_by_its_id(self, engine: Engine) -> None:
        for name in engine.names:
            listed = engine.one_of(name)
            answer = engine.get(f"/collections/{name}/items/{listed['id']}")
            assert answer.status_code == 200
            assert answer.mimetype == "application/geo+json"
            found = answer.json
            assert found["type"] == "Feature"
            assert {part: found[part] for part in ("id", "geometry", "properties")} == {
                part: listed[part] for part in ("id", "geometry", "properties")
            }

    def test_it_links_itself_the_page_and_its_collection(self, engine: Engine) -> None:
        for name in engine.names:
            found = engine.json(f"/collections/{name}/items/{engine.one_of(name)['id']}")
            check_self_and_alternate(found, "application/geo+json")
            assert link(found, "collection")["href"] == f"http://localhost/collections/{name}"
            assert link(found, "self")["href"] == f"http://localhost/collections/{name}/items/{found['id']}"

    def test_an_unknown_feature_is_not_found(self, engine: Engine) -> None:
        for name in engine.names:
            for key in ("987654321", "nonsense", "-1", "9" * 30, "1.5"):
                assert engine.get(f"/collections/{name}/items/{key}").status_code == 404, (name, key)


class TestFeaturesErrorConditions:
    """A.2.7 Features: what must be refused (/req/core/query-param-unknown, query-param-invalid)."""

    def test_an_unknown_parameter_is_400(self, engine: Engine) -> None:
        for name in engine.names:
            told = problem(engine.get(f"/collections/{name}/items", unknownQueryParameter="value"))
            assert (told["status"], told["code"]) == (400, "unknown_parameter")

    @pytest.mark.parametrize(
        "given",
        [
            {"limit": "-1"},
            {"limit": "0"},
            {"limit": "ten"},
            {"bbox": "1,2,3"},
            {"bbox": "1,2,3,4,5"},
            {"bbox": "a,b,c,d"},
            {"bbox": "106,30,107,29"},
            {"bbox": "-200,0,0,10"},
            {"bbox": "nan,0,1,1"},
            {"datetime": "yesterday"},
            {"datetime": "2026-13-01"},
            {"datetime": "2026-02-30T00:00:00Z"},
            {"datetime": "2026-01-02/2026-01-01"},
            {"datetime": "../.."},
            {"datetime": "2026-01-01/2026-01-02/2026-01-03"},
        ],
        ids=str,
    )
    def test_an_invalid_value_is_400(self, engine: Engine, given: dict[str, str]) -> None:
        for name in ("events", "grids"):
            told = problem(engine.get(f"/collections/{name}/items", **given))
            assert told["status"] == 400
            assert any("\u4e00" <= char <= "\u9fff" for char in told["detail"])

    def test_unknown_parameters_of_the_other_documents_are_400(self, engine: Engine) -> None:
        feature = f"/collections/grids/items/{engine.one_of('grids')['id']}"
        for path in ("/conformance", "/collections", "/collections/grids", "/api", feature):
            assert problem(engine.get(path, nonsense="1"))["status"] == 400, path


def test_the_time_of_an_answer_is_now(engine: Engine) -> None:
    told = datetime.fromisoformat(engine.items("grids")["timeStamp"])
    assert abs((datetime.now(UTC) - told).total_seconds()) < 10
