// How the patrol parts draw one track on the map.
import type { StyleObject } from '@/api/types'
import type { MapOwner } from '@/map/owner'
import type { Piece, Played } from './answers'
import { boundsOf, linesOf, verticesOf } from './play'

const TRACK = [
  { type: 'line', layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-color': '#ffffff', 'line-width': 7 } },
  { type: 'line', layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-color': ['get', 'colour'], 'line-width': 4 } },
] as unknown as StyleObject[]

/** Draws a track in place of the one before, and shows all of it. */
export function drawTrack(owner: MapOwner | null, pieces: Piece[]): void {
  const one: Played = { id: 0, worker: null, device: '', doubt: 0, pieces }
  owner?.put('track', linesOf([one]), TRACK)
  const box = boundsOf(verticesOf([one]))
  if (box) owner?.fit(box, { top: 60, right: 60, bottom: 60, left: 60 }, true)
}
