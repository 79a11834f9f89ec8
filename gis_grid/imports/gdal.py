"""GDAL with only the drivers that imports need: others open local files or other hosts that a hostile upload names (VRT)."""

from __future__ import annotations

import os

ALLOWED = frozenset({"ESRI Shapefile", "FlatGeobuf", "GPKG", "GeoJSON", "GeoJSONSeq", "MEM"})
# Everything else that GDAL 3.12's wheel registers; GDAL reads this once, when it is first imported.
_SKIPPED = (
    "ADBC AIVector AVCBin AVCE00 AmigoCloud CSV CSW Carto DGN DXF EDIGEO EEDA ESRIJSON Elasticsearch GDALG GML "
    "GPSBabel GPX GTFS GeoRSS HTTP Idrisi JML JSONFG KML LIBKML LVBAG MBTiles MVT MapML MiraMonVector NGW OAPIF "
    "ODS OGCAPI OGR_GMT OGR_PDS OGR_VRT OSM OpenFileGDB PCIDSK PDF PDS4 PGDUMP PLSCENES PMTiles S57 SQLite SXF "
    "Selafin TopoJSON VDV VFK VICAR WAsP WFS XLSX"
).split()
os.environ["GDAL_SKIP"] = ",".join([*_SKIPPED, "MapInfo File"])
os.environ["CPL_VSIL_CURL_ALLOWED_EXTENSIONS"] = ".nothing"

import pyogrio  # noqa: E402  after the environment is set


def unexpected_drivers() -> set[str]:
    """Drivers that are registered although they should not be: GDAL was imported before us, or is newer."""
    return set(pyogrio.list_drivers()) - ALLOWED


__all__ = ["ALLOWED", "pyogrio", "unexpected_drivers"]
