// Coordinates as text: degrees, longitude first as everywhere in this system.
import { gaussKruger, gcjOf, sexagesimal, type Degrees } from './datums'
import { words } from './words'

/** Six decimals are 0.1 m; the screen cannot point more exactly. */
export function degrees(value: number): string {
  return `${value.toFixed(6)}°`
}

/** A longitude east of 180 (the map was dragged around the world) is brought back. */
export function wrapLongitude(lon: number): number {
  return ((((lon + 180) % 360) + 360) % 360) - 180
}

export interface CoordinateRow {
  label: string
  text: string
  /** What goes to the clipboard: plain numbers that other programs read. */
  copied: string
}

/** A place (CGCS2000, which counts as WGS 84) in each datum. */
export function coordinateRows(place: Degrees): CoordinateRow[] {
  const pair = ({ lon, lat }: Degrees) => `${lon.toFixed(7)}, ${lat.toFixed(7)}`
  const kruger = gaussKruger(place)
  const [x, y] = [kruger.northing.toFixed(3), kruger.easting.toFixed(3)]
  const dms = `${sexagesimal(place.lon)}, ${sexagesimal(place.lat)}`
  const gcj = gcjOf(place)
  const { datums } = words
  return [
    { label: `${datums.wgs84} / ${datums.cgcs2000}`, text: pair(place), copied: pair(place) },
    { label: datums.dms, text: dms, copied: dms },
    { label: datums.kruger(kruger.zone, kruger.meridian), text: `X ${x}  Y ${y}`, copied: `${x}, ${y}` },
    { label: datums.gcj02, text: pair(gcj), copied: pair(gcj) },
  ]
}
