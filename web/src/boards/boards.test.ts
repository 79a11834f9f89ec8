import { describe, expect, it } from 'vitest'
import { chainOf, gridsUnder, stateOf, treeOf, type BoardArea } from './boards'

const area = (code: string, level: string, parent: string | null, more = {}): BoardArea => ({
  code, level, parent, name: code, prints: 0, stale: 0, ...more,
})
const AREAS = [area('1', 'community', '0'), area('11', 'grid', '1'), area('12', 'grid', '1'), area('2', 'community', '0')]

describe('areas with boards', () => {
  it('stand in a tree, the highest one may see at the top', () => {
    expect(treeOf(AREAS).map(({ code, children }) => [code, children.length])).toEqual([['1', 2], ['2', 0]])
  })
  it('know who stands above, the lowest first', () => {
    expect(chainOf(AREAS, '12').map(({ code }) => code)).toEqual(['12', '1'])
  })
  it('know their grids', () => {
    expect(gridsUnder(AREAS, '1')).toEqual(['11', '12'])
    expect(gridsUnder(AREAS, '12')).toEqual(['12'])
  })
  it('tell what is out of date before what is made', () => {
    expect([area('1', 'grid', null), area('1', 'grid', null, { prints: 2 }), area('1', 'grid', null, { prints: 2, stale: 1 })].map(stateOf))
      .toEqual(['none', 'made', 'stale'])
  })
})
