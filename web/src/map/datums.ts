// One place in the datums people work with. The formulas are those of the service (geo/crs.py), held to the same values by tests.

const A_GCJ = 6378245.0
const EE_GCJ = 0.00669342162296594323
/** Where GCJ-02 exists (the published rectangle): west, south, east, north. */
const CHINA = [72.004, 0.8293, 137.8347, 55.8271] as const
const RADIANS = Math.PI / 180

export interface Degrees {
  lon: number
  lat: number
}

/** GCJ-02 of WGS 84 / CGCS2000 degrees; outside the published rectangle unchanged. */
export function gcjOf({ lon, lat }: Degrees): Degrees {
  const [west, south, east, north] = CHINA
  if (lon < west || lon > east || lat < south || lat > north) return { lon, lat }
  const x = lon - 105
  const y = lat - 35
  const wave = ((20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * 2) / 3
  const root = Math.sqrt(Math.abs(x))
  const up =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave +
    ((20 * Math.sin(y * Math.PI) + 40 * Math.sin((y / 3) * Math.PI)) * 2) / 3 +
    ((160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * 2) / 3
  const across =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave +
    ((20 * Math.sin(x * Math.PI) + 40 * Math.sin((x / 3) * Math.PI)) * 2) / 3 +
    ((150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * 2) / 3
  const sine = Math.sin(lat * RADIANS)
  const magic = 1 - EE_GCJ * sine * sine
  return {
    lon: lon + across / ((A_GCJ / Math.sqrt(magic)) * Math.cos(lat * RADIANS) * RADIANS),
    lat: lat + up / (((A_GCJ * (1 - EE_GCJ)) / (magic * Math.sqrt(magic))) * RADIANS),
  }
}

/** The CGCS2000 ellipsoid (GB 22021): half axis in metres and flattening. */
export const ELLIPSOID = { a: 6378137.0, f: 1 / 298.257222101 }

/** Krueger's series for the transverse Mercator, order n^4: below a millimetre within the zone. */
const N = ELLIPSOID.f / (2 - ELLIPSOID.f)
const MERIDIAN = (ELLIPSOID.a / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64)
const SERIES = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49561 / 161280) * N ** 4,
]
const FALSE_EASTING = 500_000

export interface GaussKruger {
  /** Metres, with the zone's 500 km but without its number. */
  easting: number
  northing: number
  /** The meridian in the zone's middle, and the zone's number. */
  meridian: number
  zone: number
}

/** CGCS2000 Gauss-Krueger in the 3-degree zone of the place itself. */
export function gaussKruger({ lon, lat }: Degrees): GaussKruger {
  const zone = Math.round(lon / 3)
  const meridian = zone * 3
  const eccentricity = (2 * Math.sqrt(N)) / (1 + N)
  const sine = Math.sin(lat * RADIANS)
  const t = Math.sinh(Math.atanh(sine) - eccentricity * Math.atanh(eccentricity * sine))
  const away = (lon - meridian) * RADIANS
  const xi = Math.atan2(t, Math.cos(away))
  const eta = Math.atanh(Math.sin(away) / Math.sqrt(1 + t * t))
  let north = xi
  let east = eta
  SERIES.forEach((factor, index) => {
    const times = 2 * (index + 1)
    north += factor * Math.sin(times * xi) * Math.cosh(times * eta)
    east += factor * Math.cos(times * xi) * Math.sinh(times * eta)
  })
  return { easting: FALSE_EASTING + MERIDIAN * east, northing: MERIDIAN * north, meridian, zone }
}

/** Degrees, minutes and seconds as on a paper map: 106°34′37.20″ (0.01" is 0.3 m). */
export function sexagesimal(value: number): string {
  const hundredths = Math.round(Math.abs(value) * 360_000)
  const degrees = Math.floor(hundredths / 360_000)
  const minutes = Math.floor((hundredths % 360_000) / 6000)
  const seconds = ((hundredths % 6000) / 100).toFixed(2).padStart(5, '0')
  return `${value < 0 ? '-' : ''}${degrees}°${String(minutes).padStart(2, '0')}′${seconds}″`
}
