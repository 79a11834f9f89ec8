import { expect, it } from 'vitest'
import { layer } from './factories'
import { picksFrom, type Found } from './picks'

const layers = ['water', 'grids', 'buildings', 'premises', 'events', 'tracks'].map((name) => layer(name))
const found = (name: string, id: number, geometry: string, distance = 0): Found => ({
  layer: name,
  id,
  geometry,
  distance,
  values: {},
})
const names = (all: Found[]) => picksFrom(all, layers).map(({ layer: { name }, id }) => `${name}/${id}`)

it('prefers the nearest point, then the line, then the smallest thing on top', () => {
  expect(
    names([
      found('grids', 1, 'MultiPolygon'),
      found('buildings', 2, 'Polygon'),
      found('tracks', 3, 'LineString'),
      found('premises', 4, 'Point', 9),
      found('events', 5, 'Point', 2),
    ]),
  ).toEqual(['events/5', 'premises/4', 'tracks/3', 'buildings/2', 'grids/1'])
})

it('names a thing cut by tile edges once, and never the background', () => {
  expect(names([found('grids', 1, 'Polygon'), found('grids', 1, 'Polygon'), found('water', 1, 'Polygon')])).toEqual(['grids/1'])
})
