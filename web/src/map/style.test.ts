import { describe, expect, it } from 'vitest'
import { layer } from './factories'
import { assembleStyle, drawn, highlightLayers, LOCAL_FONTS, LOCAL_FONTS_BOLD, ownerOf, pickableDrawn, sources } from './style'

const label = (font?: string[]) => ({ type: 'symbol' as const, layout: { 'text-field': '网格', 'text-font': font } })

describe('sources', () => {
  it('asks for one topic in one tile, bottom layer first', () => {
    const made = sources([layer('water', { group: '底图' }), layer('green', { group: '底图' })], 'https://x')
    expect(made).toEqual({
      'tiles-底图': { type: 'vector', tiles: ['https://x/tiles/water,green/{z}/{x}/{y}'], minzoom: 10, maxzoom: 16 },
    })
  })
  it('goes as deep as its deepest layer begins', () => {
    expect(sources([layer('units', { minzoom: 17.5 })], '')['tiles-测试']).toMatchObject({ minzoom: 17.5, maxzoom: 18 })
  })
})

describe('assembleStyle', () => {
  it('draws bottom to top and lifts names above all shapes', () => {
    const roads = layer('roads', { style: [{ type: 'line' }, label()] })
    const roofs = layer('buildings', { style: [{ type: 'fill' }] })
    const { layers } = assembleStyle([roads, roofs], new Set(['roads']), '')
    expect(layers.map(({ id }) => id)).toEqual(['land', 'roads/0', 'buildings/0', 'roads/1'])
    expect(layers.map(({ layout }) => layout?.visibility)).toEqual([undefined, 'visible', 'none', 'visible'])
  })
  it('gives the names of areas room before those of shops', () => {
    const grids = layer('grids', { style: [{ ...label(), 'source-layer': 'grids-label' }] })
    const { layers } = assembleStyle([grids, layer('premises', { style: [label()] })], new Set(), '')
    expect(layers.map(({ id }) => id)).toEqual(['land', 'premises/0', 'grids/0'])
  })
  it('keeps names off what always stands: no grid name lies on the number of a cluster', () => {
    const number = { type: 'symbol' as const, layout: { 'text-field': '12', 'text-allow-overlap': true } }
    const grids = layer('grids', { style: [{ ...label(), 'source-layer': 'grids-label' }] })
    const { layers } = assembleStyle([layer('event_clusters', { style: [number] }), grids], new Set(), '')
    expect(layers.map(({ id }) => id)).toEqual(['land', 'grids/0', 'event_clusters/0'])
  })
  it('needs no glyph server', () => {
    expect(assembleStyle([layer('grids')], new Set(), '')).not.toHaveProperty('glyphs')
  })
})

describe('drawn', () => {
  it('keeps an own zoom limit, otherwise takes the layer’s', () => {
    const [own, taken] = drawn(layer('grids', { minzoom: 12, style: [{ type: 'fill', minzoom: 14 }, { type: 'line' }] }), true)
    expect([own?.minzoom, taken?.minzoom]).toEqual([14, 12])
  })
  it('puts local fonts in place of named ones, bold when asked', () => {
    const [plain, bold] = drawn(layer('grids', { style: [label(['Open Sans']), label(['Noto Sans Bold'])] }), true)
    expect(plain?.layout).toMatchObject({ 'text-font': LOCAL_FONTS })
    expect(bold?.layout).toMatchObject({ 'text-font': LOCAL_FONTS_BOLD })
  })
  it('can be traced back to its layer', () => {
    expect(drawn(layer('grids'), true).map(({ id }) => ownerOf(id))).toEqual(['grids'])
  })
})

it('lets a click hit shapes, and names only of layers that draw nothing else', () => {
  const layers = [layer('grids', { style: [{ type: 'line' }, label()] }), layer('estates', { style: [label()] })]
  const { layers: all } = assembleStyle(layers, new Set(), '')
  const lit = highlightLayers([layer('grids')], 1)
  expect(pickableDrawn([...all, ...lit])).toEqual(['grids/0', 'estates/0'])
})

it('lights up one feature whatever its shape', () => {
  const lit = highlightLayers([layer('buildings')], 7)
  expect(lit.map(({ type }) => type)).toEqual(['fill', 'line', 'line', 'circle'])
  expect(JSON.stringify(lit)).toContain('["==",["to-string",["get","id"]],"7"]')
})
