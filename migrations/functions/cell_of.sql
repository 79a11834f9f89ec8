-- Which cell of a lattice of `side` degrees does a point (degrees) lie in? The number that area_cells is joined by.
-- Column times more than all rows; a shift by 32 bits would give most cells the same hash, since hashint8 folds the halves.
CREATE OR REPLACE FUNCTION cell_of(place geometry, side double precision) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT floor((ST_X(place) + 180) / side)::bigint * 18000041 + floor((ST_Y(place) + 90) / side)::bigint
$$;
