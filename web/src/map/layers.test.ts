import { describe, expect, it } from 'vitest'
import { layer } from './factories'
import { isArea } from './drill'
import { hiddenByZoom, layerGroups, nearer, readChoices, visibleNames, waitingNames } from './layers'

it('shows the default layers unless the user chose otherwise', () => {
  const layers = [layer('grids'), layer('tracks'), layer('units', { visible: false })]
  expect([...visibleNames(layers, { tracks: false, units: true })]).toEqual(['grids', 'units'])
})

it('lets things wait on a thematic map, but not the ground, the areas, and what was switched on for it', () => {
  const layers = [layer('roads'), layer('grids'), layer('buildings', { minzoom: 12 }), layer('event_heat', { visible: false })]
  const waiting = waitingNames(layers, isArea)
  expect([...waiting]).toEqual(['buildings'])
  expect(nearer(layers, waiting).map(({ minzoom }) => minzoom)).toEqual([10, 10, 16, 10])
})

it('lists topics and layers from the top of the map down', () => {
  const layers = [layer('water', { group: '底图' }), layer('grids', { group: '网格' }), layer('roads', { group: '底图' })]
  const listed = layerGroups(layers).map(({ title, layers: members }) => [title, members.map(({ name }) => name)])
  expect(listed).toEqual([
    ['底图', ['roads', 'water']],
    ['网格', ['grids']],
  ])
})

describe('hiddenByZoom', () => {
  const shops = layer('premises', { minzoom: 15, style: [{ type: 'circle', minzoom: 16 }, { type: 'symbol', maxzoom: 19 }] })
  it('asks to come closer below the first zoom at which anything is drawn', () => {
    expect(hiddenByZoom(shops, 14.9)).toBe('closer')
    expect(hiddenByZoom(shops, 15)).toBeNull()
  })
  it('asks to step back when all is drawn only from afar', () => {
    expect(hiddenByZoom(layer('districts', { style: [{ type: 'line', maxzoom: 14 }] }), 14)).toBe('farther')
  })
})

it.each(['', 'nonsense', 'null', '[1]', '{"grids":"yes"}'])('reads nothing out of a spoilt store: %s', (stored) => {
  expect(readChoices({ getItem: () => stored })).toEqual({})
})
