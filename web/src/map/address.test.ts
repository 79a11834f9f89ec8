import { describe, expect, it } from 'vitest'
import { addressQuery, readAddress, type MapAddress } from './address'

const WHOLE: MapAddress = {
  view: { lon: 106.55, lat: 29.56, zoom: 15.25, pitch: 50, bearing: -20 },
  area: '990101010004',
  layers: { events: false, event_heat: true },
  day: '2026-11-01',
  theme: { register: 'residents', by: 'classes', value: 'elder', measure: 'share', look: 'bubbles', cut: 'natural', classes: 5, level: 'grid' },
}

describe('the address of a view', () => {
  it('is read as it was written', () => {
    expect(readAddress(addressQuery(WHOLE) as never)).toEqual(WHOLE)
  })

  it('of the usual view is empty', () => {
    expect(addressQuery({ view: null, area: null, layers: {}, day: null, theme: null })).toEqual({})
  })

  it('written by hand cannot break the page', () => {
    const read = readAddress({ at: 'x,y', area: "'; drop", layers: 'grids,<b>', day: '2026-13-45', theme: 'nonsense' })
    expect(read).toEqual({ view: null, area: null, layers: { grids: true }, day: null, theme: null })
    expect(readAddress({ at: '999,29,15' }).view).toBeNull()
  })
})
