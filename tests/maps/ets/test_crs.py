"""Abstract tests of OGC API Features Part 2 CRS (18-058r1, annex A): systems offered, answered in, and asked in.

Classes and checks follow the executable test suite ets-ogcapi-features10, written anew for pytest; positions are
compared with PROJ's own transformation, axes in the registry's order.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pyproj
import pytest
import shapely
from shapely.geometry import shape

from tests.conftest import problem
from tests.maps.ets.conftest import CRS84, Engine

UNKNOWN = "http://www.opengis.net/def/crs/EPSG/0/999999"
CONFORMANCE = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"


between = cache(pyproj.Transformer.from_crs)  # making one takes longer than a request


def to_default(geometry: dict, uri: str):
    """A geometry told in the system `uri`, as longitude and latitude of CRS84, by PROJ."""
    code = uri.rsplit("/", 1)[-1]
    if code == "CRS84":
        return shape(geometry)
    moved = between(f"EPSG:{code}", "OGC:CRS84")  # the registry's order of axes
    return shapely.transform(shape(geometry), lambda pairs: np.column_stack(moved.transform(pairs[:, 0], pairs[:, 1])))


def from_default(box: list[float], uri: str) -> list[float]:
    """A box of CRS84 in the system `uri`, axes in the registry's order."""
    code = uri.rsplit("/", 1)[-1]
    if code == "CRS84":
        return box
    moved = between("OGC:CRS84", f"EPSG:{code}")
    return list(moved.transform_bounds(*box, densify_pts=0))


def near(one, other) -> bool:
    """The same shape to a centimetre (1e-7 degrees)."""
    return shapely.get_num_coordinates(one) == shapely.get_num_coordinates(other) and bool(
        np.allclose(shapely.get_coordinates(one), shapely.get_coordinates(other), atol=1.5e-7, rtol=0)
    )


def systems(engine: Engine) -> list[str]:
    return engine.once("/collections")["crs"]


def ids(page: dict) -> set:
    return {one["id"] for one in page["features"]}


class TestConformance:
    """Annex A.1: the class is declared."""

    def test_crs_is_declared(self, engine: Engine) -> None:
        assert CONFORMANCE in engine.once("/conformance")["conformsTo"]


class TestDiscoveryCollectionsCrsUri:
    """Abstract test 1: identifiers in /collections are URIs."""

    def test_every_identifier_is_a_uri(self, engine: Engine) -> None:
        for uris in [systems(engine), *(one["crs"] for one in engine.collections)]:
            assert len(uris) == len(set(uris)) >= 5
            assert all(re.fullmatch(r"http://www\.opengis\.net/def/crs/(OGC/1\.3/CRS84|EPSG/0/\d+)", uri) for uri in uris)

    def test_the_systems_promised_are_there(self, engine: Engine) -> None:
        codes = {uri.rsplit("/", 1)[-1] for uri in systems(engine)}
        assert {"CRS84", "4326", "4490", "3857"} < codes
        gauss = int(next(iter(codes - {"CRS84", "4326", "4490", "3857"})))
        assert 4534 <= gauss <= 4554
        assert pyproj.CRS(gauss).name.startswith("CGCS2000 / 3-degree Gauss-Kruger")


class TestDiscoveryCollectionCrsUri:
    """Abstract test 1: identifiers in /collections/{id} are those of the list."""

    def test_every_collection_says_the_same_alone(self, engine: Engine) -> None:
        for one in engine.collections:
            assert engine.once(f"/collections/{one['id']}")["crs"] == one["crs"]


class TestDiscoveryCollectionDefaultCrs:
    """Abstract test 2: the default system is among those of a collection."""

    def test_the_default_is_listed_first(self, engine: Engine) -> None:
        for name in engine.names:
            assert engine.once(f"/collections/{name}")["crs"][0] == CRS84

    def test_the_default_is_listed_in_collections(self, engine: Engine) -> None:
        assert all(one["crs"][0] == CRS84 for one in engine.collections)


class TestDiscoveryCollectionStorageCrs:
    """Abstract test 3: the storage system is among those of a collection."""

    def test_the_storage_system_is_listed(self, engine: Engine) -> None:
        for one in engine.collections:
            assert one["storageCrs"] in one["crs"]
            assert engine.once(f"/collections/{one['id']}")["storageCrs"] == one["storageCrs"]


class TestFeaturesCrsParameterInvalid:
    """Abstract test 4: /conf/crs/crs-parameter, features."""

    def test_an_unsupported_system_is_400(self, engine: Engine) -> None:
        for name in engine.names:
            told = problem(engine.get(f"/collections/{name}/items", crs=UNKNOWN))
            assert (told["status"], told["code"]) == (400, "unknown_crs")
            assert CRS84 in told["detail"]  # what can be had instead

    def test_the_parameter_is_defined(self, engine: Engine) -> None:
        for name in engine.names:
            for parameter in ("crs", "bbox-crs"):
                told = engine.parameter(parameter, name)
                assert (told["in"], told["required"], told["style"], told["explode"]) == ("query", False, "form", False)
                assert set(told["schema"]["enum"]) == set(systems(engine))


class TestFeatureCrsParameterInvalid:
    """Abstract test 4: /conf/crs/crs-parameter, one feature."""

    def test_an_unsupported_system_is_400(self, engine: Engine) -> None:
        for name in engine.names:
            answer = engine.get(f"/collections/{name}/items/{engine.one_of(name)['id']}", crs=UNKNOWN)
            assert problem(answer)["code"] == "unknown_crs"

    def test_the_parameter_is_defined(self, engine: Engine) -> None:
        for name in engine.names:
            parameters = engine.definition["paths"][f"/collections/{name}/items/{{featureId}}"]["get"]["parameters"]
            assert "crs" in {one["name"] for one in parameters}


class TestFeaturesCrsParameter:
    """Abstract test 5: the header Content-Crs tells the system asked for."""

    def test_content_crs_is_the_system_asked_for(self, engine: Engine) -> None:
        for name in engine.names:
            for uri in systems(engine):
                answer = engine.get(f"/collections/{name}/items", crs=uri)
                assert answer.status_code == 200
                assert answer.headers["Content-Crs"] == f"<{uri}>"


class TestFeatureCrsParameter:
    """Abstract test 5, one feature."""

    def test_content_crs_is_the_system_asked_for(self, engine: Engine) -> None:
        for name in engine.names:
            key = engine.one_of(name)["id"]
            for uri in systems(engine):
                answer = engine.get(f"/collections/{name}/items/{key}", crs=uri)
                assert answer.status_code == 200
                assert answer.headers["Content-Crs"] == f"<{uri}>"


class TestFeaturesCrsParameterDefault:
    """Abstract test 6: without the parameter the default system is told."""

    def test_content_crs_is_the_default(self, engine: Engine) -> None:
        for name in engine.names:
            assert engine.get(f"/collections/{name}/items").headers["Content-Crs"] == f"<{CRS84}>"


class TestFeatureCrsParameterDefault:
    """Abstract test 6, one feature."""

    def test_content_crs_is_the_default(self, engine: Engine) -> None:
        for name in engine.names:
            answer = engine.get(f"/collections/{name}/items/{engine.one_of(name)['id']}")
            assert answer.headers["Content-Crs"] == f"<{CRS84}>"


class TestFeaturesCrsParameterTransform:
    """Abstract test 7: geometries are transformed, axes in the registry's order."""

    def test_every_shape_is_the_same_place_in_every_system(self, engine: Engine) -> None:
        for name in engine.names:
            usual = {one["id"]: shape(one["geometry"]) for one in engine.items(name)["features"] if one["geometry"]}
            assert usual
            for uri in systems(engine):
                told = engine.items(name, crs=uri)
                for one in told["features"]:
                    if one["geometry"]:
                        assert near(to_default(one["geometry"], uri), usual[one["id"]]), (name, uri, one)

    def test_latitude_and_northing_come_first_where_the_registry_says_so(self, engine: Engine) -> None:
        for uri in systems(engine):
            x, y = engine.items("premises", crs=uri)["features"][0]["geometry"]["coordinates"]
            code = uri.rsplit("/", 1)[-1]
            if code in ("4326", "4490"):
                assert (29 < x < 30, 106 < y < 107) == (True, True)
            elif code == "3857":
                assert (x > 11e6, y < 4e6) == (True, True)
            elif code != "CRS84":
                assert (3.2e6 < x < 3.3e6, 3.4e5 < y < 6.6e5) == (True, True)


class TestFeatureCrsParameterTransform:
    """Abstract test 7, one feature."""

    def test_every_shape_is_the_same_place_in_every_system(self, engine: Engine) -> None:
        for name in engine.names:
            usual = engine.one_of(name)
            for uri in systems(engine):
                told = engine.json(f"/collections/{name}/items/{usual['id']}", crs=uri)
                assert near(to_default(told["geometry"], uri), shape(usual["geometry"])), (name, uri)


class TestBBoxCrsParameter:
    """Abstract test 8: a box in another system meets the same features."""

    def test_the_extent_in_every_system_meets_the_same_features(self, engine: Engine) -> None:
        for one in engine.collections:
            (extent,) = one["extent"]["spatial"]["bbox"]
            for part in (extent, [extent[0], extent[1], (extent[0] + extent[2]) / 2, extent[3]]):
                meant = ids(engine.items(one["id"], bbox=",".join(map(str, part)), limit=1000))
                for uri in systems(engine):
                    box = ",".join(f"{number:.9f}" for number in _widened(from_default(part, uri), uri))
                    assert ids(engine.items(one["id"], bbox=box, bbox_crs=uri, limit=1000)) == meant, (one["id"], uri)

    def test_crs_and_bbox_crs_do_not_mix(self, engine: Engine) -> None:
        flipped = "http://www.opengis.net/def/crs/EPSG/0/4326"
        plain = engine.items("grids", bbox="106.5,29.5,106.5005,29.6")
        mixed = engine.items("grids", bbox="29.5,106.5,29.6,106.5005", bbox_crs=flipped, crs=systems(engine)[-1])
        assert ids(plain) == ids(mixed) != set()


def _widened(box: list[float], uri: str) -> list[float]:
    """A hair wider: a box whose edges run along those of the grids is not the same box after rounding."""
    code = uri.rsplit("/", 1)[-1]
    hair = 1e-9 if code in ("CRS84", "4326", "4490") else 1e-3
    return [box[0] - hair, box[1] - hair, box[2] + hair, box[3] + hair]


class TestBBoxCrsParameterDefault:
    """Abstract test 9: without bbox-crs the box is in CRS84."""

    def test_the_default_is_crs84(self, engine: Engine) -> None:
        for one in engine.collections:
            box = ",".join(map(str, one["extent"]["spatial"]["bbox"][0]))
            assert ids(engine.items(one["id"], bbox=box)) == ids(engine.items(one["id"], bbox=box, bbox_crs=CRS84)) != set()


class TestBBoxCrsParameterInvalid:
    """Abstract test 10: an unsupported bbox-crs is refused."""

    @pytest.mark.parametrize("given", [{"bbox": "106,29,107,30"}, {}], ids=["with a box", "alone"])
    def test_an_unsupported_system_is_400(self, engine: Engine, given: dict[str, str]) -> None:
        for name in engine.names:
            answer = engine.get(f"/collections/{name}/items", bbox_crs=UNKNOWN, **given)
            assert problem(answer)["code"] == "unknown_crs"
