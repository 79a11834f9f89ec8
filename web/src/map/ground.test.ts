import { describe, expect, it } from 'vitest'
import { Problem } from '@/api/problem'
import type { MapInfo } from '@/api/types'
import { layer } from './factories'
import { emptyReason, failureReason } from './ground'
import { words } from './words'

const info: MapInfo = { bounds: [1, 2, 3, 4], review_number: null, source: null, publisher: null, demo: false }

describe('why there is no map', () => {
  it('is the missing layers, then the missing area, else nothing', () => {
    expect(emptyReason({ info, layers: [] })?.title).toBe(words.map.noLayers)
    expect(emptyReason({ info: { ...info, bounds: null }, layers: [layer('grids')] })?.title).toBe(words.map.noArea)
    expect(emptyReason({ info, layers: [layer('grids')] })).toBeNull()
  })
  it('tells a missing right, which no retry helps, from a fault', () => {
    expect(failureReason(new Problem(403, 'forbidden', '', '')).retry).toBe(false)
    expect(failureReason(new Problem(503, 'unavailable', '', '请稍后'))).toMatchObject({ hint: '请稍后', retry: true })
  })
})
