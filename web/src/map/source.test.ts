import { expect, it } from 'vitest'
import { sourceParts } from './source'

it('shows only what is set', () => {
  const info = { bounds: null, demo: true, review_number: null, source: '演示', publisher: null }
  expect(sourceParts(info)).toEqual(['数据来源：演示'])
  expect(sourceParts({ ...info, source: null })).toEqual([])
  const basemap = { title: '天地图', kind: 'tiles' as const, layers: [], maxzoom: 18 }
  expect(sourceParts({ ...info, basemap })).toEqual(['数据来源：演示', '底图：天地图'])
})
