"""movingpandas on one track: speeds and stops. Runs in the environment of the peers; prints seconds, speeds, stops as JSON."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import geopandas
import movingpandas
import numpy as np
import pandas

walk = np.load(Path(sys.argv[1]) / "walk.npz")
index = pandas.to_datetime(walk["at"], unit="s")
frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(walk["lon"], walk["lat"]), index=index, crs=4326)
began = time.perf_counter()
track = movingpandas.Trajectory(frame, 1)
track.add_speed(overwrite=True)
few = movingpandas.Trajectory(frame.iloc[:3000], 1)  # its search for stops takes minutes for a day; a part is enough to compare
stops_began = time.perf_counter()
stops = movingpandas.TrajectoryStopDetector(few).get_stop_time_ranges(min_duration=timedelta(seconds=180), max_diameter=30)
stops_took = time.perf_counter() - stops_began
seconds = stops_began - began + stops_took * len(frame) / 3000
print(json.dumps({"seconds": seconds, "speeds": track.df["speed"].to_numpy()[1:].tolist(), "stops": len(stops)}))
