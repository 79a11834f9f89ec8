import { expect, it } from 'vitest'
import { layer } from './factories'
import { isPrintable, sheetPath, type SheetWish } from './print'

const WISH: SheetWish = { area: '990101', title: ' 云江区 & 地图 ', paper: 'a3', orientation: 'portrait', scale: 5000, layers: ['roads', 'grids'] }

it('asks for the very sheet that was wished', () => {
  const asked = new URLSearchParams(sheetPath(WISH, 'pdf').split('?')[1])
  expect(Object.fromEntries(asked)).toEqual({
    area_code: '990101', layers: 'roads,grids', paper: 'a3', orientation: 'portrait', title: '云江区 & 地图', scale: '5000',
  })
  expect(sheetPath({ ...WISH, scale: null, title: ' ' }, 'png')).not.toContain('scale')
})

it('knows what paper cannot show', () => {
  expect(isPrintable(layer('heat', { style: [{ type: 'heatmap' } as never] }))).toBe(false)
  expect(isPrintable(layer('grids'))).toBe(true)
})
