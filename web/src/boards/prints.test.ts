import { expect, it } from 'vitest'
import { printsOf } from './prints'

const row = (id: number, more = {}) => ({
  id, version: 1, area_code: '11', template: 'a4', orientation: 'portrait', made_by: '某', created_at: '2026-11-22T01:02:03Z',
  place: null, hung_at: null, point: null, content: {}, ...more,
})

it('lists what is out of date first, then the newest, with names and places', () => {
  const areas = [{ code: '11', name: '第1网格', level: 'grid', parent: '1', prints: 1, stale: 0 }, { code: '1', name: '某社区', level: 'community', parent: null, prints: 0, stale: 0 }]
  const point = { type: 'Point', coordinates: [106.5, 29.5] }
  const found = printsOf([row(1, { point }), row(2), row(3, { area_code: '19' })], { stale: [{ print_id: 1, area_name: '第1网格', changed: ['电话'] }], photographed: [2], templates: [{ name: 'a4', title: 'A4 公示牌', own: false }] }, areas)
  expect(found.map(({ id }) => id)).toEqual([1, 3, 2])
  expect(found[0]).toMatchObject({ area_name: '第1网格', parent_name: '某社区', at: { lon: 106.5, lat: 29.5 } })
  expect(found[1]?.area_name).toBe('19')
  expect(found.map(({ photo }) => photo)).toEqual([false, false, true])
  expect(found[0]?.template_title).toBe('A4 公示牌')
})
