import { expect, it } from 'vitest'
import { layer } from './factories'
import { isPrintable, sheetPath, type SheetWish } from './sheet'
import { FIRST } from './theme'

const WISH: SheetWish = { area: '990101', title: ' 云江区 & 地图 ', paper: 'a3', orientation: 'portrait', scale: 5000, each: false, layers: ['roads', 'grids'] }
const asked = (wish: SheetWish) => Object.fromEntries(new URLSearchParams(sheetPath(wish).split('?')[1]))

it('asks for the very sheet that was wished', () => {
  expect(asked(WISH)).toEqual({
    area_code: '990101', layers: 'roads,grids', paper: 'a3', orientation: 'portrait', title: '云江区 & 地图', scale: '5000',
  })
  expect(asked({ ...WISH, scale: 0, title: ' ', each: true })).not.toHaveProperty('scale')
})

it('takes along what is seen: the view, the day, the colours with their classes', () => {
  const theme = { wish: { ...FIRST, register: 'residents', level: 'grid' }, area: '990101', classes: [{ from: 0, to: 12.5, color: '#edf8b1', count: 3 }] }
  expect(asked({ ...WISH, bounds: [106.5, 29.5, 106.6, 29.6], day: '2026-11-01', theme })).toMatchObject({
    bbox: '106.5000000,29.5000000,106.6000000,29.6000000',
    at: '2026-11-01',
    theme: 'residents~~count~choropleth~quantile~5~grid',
    theme_area: '990101',
    classes: '0~12.5~edf8b1',
  })
})

it('knows what paper cannot show', () => {
  expect(isPrintable(layer('heat', { style: [{ type: 'heatmap' } as never] }))).toBe(false)
  expect(isPrintable(layer('grids'))).toBe(true)
})
