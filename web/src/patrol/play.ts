// Playing back a day: where each track is at a moment, and what of it was walked until then. Pure.
import type { FeatureCollection, Feature } from 'geojson'
import type { Piece, Played } from './answers'

/** Colours of tracks beside each other on a map: apart from each other for most colour-blind people, and named by number too. */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#6a3d9a', '#8c510a', '#01665e', '#b2182b']

export function colourOf(place: number): string {
  return COLOURS[place % COLOURS.length]!
}

/** First and last moment (epoch seconds) of all tracks; null where there are none. */
export function spanOf(tracks: readonly Played[]): [number, number] | null {
  let first = Infinity
  let last = -Infinity
  for (const { pieces } of tracks)
    for (const { at } of pieces) {
      first = Math.min(first, at[0] ?? Infinity)
      last = Math.max(last, at.at(-1) ?? -Infinity)
    }
  return first <= last ? [first, last] : null
}

export interface Place {
  lon: number
  lat: number
  /** Between two pieces: nobody knows where he was; this is where he was seen last. */
  silent: boolean
}

/** Where a track is at a moment, between two fixes at an even pace; null before it began. */
export function placeAt(pieces: readonly Piece[], moment: number): Place | null {
  let last: Place | null = null
  for (const { at, lon, lat } of pieces) {
    if (!at.length || at[0]! > moment) break
    const n = indexAt(at, moment)
    if (n === at.length - 1) {
      last = { lon: lon[n]!, lat: lat[n]!, silent: moment > at[n]! }
      continue
    }
    const share = (moment - at[n]!) / Math.max(at[n + 1]! - at[n]!, 1e-9)
    return { lon: lon[n]! + (lon[n + 1]! - lon[n]!) * share, lat: lat[n]! + (lat[n + 1]! - lat[n]!) * share, silent: false }
  }
  return last
}

/** The last position in ascending times that is not after the moment. */
function indexAt(at: readonly number[], moment: number): number {
  let low = 0
  let high = at.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (at[middle]! <= moment) low = middle
    else high = middle - 1
  }
  return low
}

/** Lines of tracks; until a moment, if one is given. */
export function linesOf(tracks: readonly Played[], moment = Infinity): FeatureCollection {
  const features = tracks.flatMap(({ id, pieces }, place) =>
    pieces.flatMap(({ at, lon, lat }): Feature[] => {
      if (!at.length || at[0]! > moment) return []
      const count = indexAt(at, moment) + 1
      const coordinates = lon.slice(0, count).map((x, n) => [x, lat[n]!])
      if (coordinates.length === 1) coordinates.push(coordinates[0]!)
      return [{ type: 'Feature', properties: { id, colour: colourOf(place) }, geometry: { type: 'LineString', coordinates } }]
    }),
  )
  return { type: 'FeatureCollection', features }
}

/** Where everybody is at a moment. */
export function placesOf(tracks: readonly Played[], moment: number): FeatureCollection {
  const features = tracks.flatMap((track, n): Feature[] => {
    const place = placeAt(track.pieces, moment)
    if (!place) return []
    const properties = { id: track.id, colour: colourOf(n), name: track.worker ?? track.device, silent: place.silent }
    return [{ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [place.lon, place.lat] } }]
  })
  return { type: 'FeatureCollection', features }
}

/** West, south, east, north of all tracks; null where there are none. */
export function boundsOf(places: readonly { lon: number; lat: number }[]): [number, number, number, number] | null {
  if (!places.length) return null
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { lon, lat } of places) {
    box[0] = Math.min(box[0], lon)
    box[1] = Math.min(box[1], lat)
    box[2] = Math.max(box[2], lon)
    box[3] = Math.max(box[3], lat)
  }
  const least = 0.0008 // a lonely point is shown with what lies around it
  return [box[0] - least, box[1] - least, box[2] + least, box[3] + least]
}

/** Every vertex, for finding the bounds. */
export function verticesOf(tracks: readonly Played[]): { lon: number; lat: number }[] {
  return tracks.flatMap(({ pieces }) => pieces.flatMap(({ lon, lat }) => lon.map((x, n) => ({ lon: x, lat: lat[n]! }))))
}
