import { describe, expect, it } from 'vitest'
import { treeRows, type AreaItem } from './areas'
import { treeKey } from './treeKeys'

const item = (code: string, children = 0): AreaItem => ({
  code, name: code, level: 'grid', level_name: '网格', kind: 'ordinary', bounds: null, children, lon: null, lat: null, area_m2: null,
})
const BELOW = { '': [item('1', 2), item('2')], '1': [item('11', 1), item('12')], '11': [item('111')] }

describe('the tree of areas', () => {
  it('shows what is open, each row with its depth and place', () => {
    const rows = treeRows(BELOW, new Set(['1']))
    expect(rows.map(({ item: { code }, depth }) => [code, depth])).toEqual([['1', 1], ['11', 2], ['12', 2], ['2', 1]])
    expect(rows[2]).toMatchObject({ position: 2, siblings: 2 })
  })

  it('keeps closed parents closed even when something below is open', () => {
    expect(treeRows(BELOW, new Set(['11']))).toHaveLength(2)
  })

  it('an area without parts is never open, so that the left key leads up from it', () => {
    const rows = treeRows(BELOW, new Set(['1', '12']))
    expect(rows[2]).toMatchObject({ open: false })
    expect(treeKey(rows, 2, 'ArrowLeft')).toEqual({ kind: 'move', to: 0 })
  })

  it('is walked by keys alone', () => {
    const rows = treeRows(BELOW, new Set(['1', '11']))
    expect(treeKey(rows, 0, 'ArrowDown')).toEqual({ kind: 'move', to: 1 })
    expect(treeKey(rows, 4, 'ArrowDown')).toEqual({ kind: 'move', to: 4 })
    expect(treeKey(rows, 2, 'ArrowLeft')).toEqual({ kind: 'move', to: 1 })
    expect(treeKey(rows, 1, 'ArrowLeft')).toEqual({ kind: 'close', code: '11' })
    expect(treeKey(treeRows(BELOW, new Set()), 0, 'ArrowRight')).toEqual({ kind: 'open', code: '1' })
    expect(treeKey(rows, 4, 'ArrowRight')).toBeNull()
    expect(treeKey(rows, 3, 'Enter')).toEqual({ kind: 'enter', code: '12' })
    expect(treeKey(rows, 3, 'x')).toBeNull()
    expect(treeKey(rows, 3, 'Home')).toEqual({ kind: 'move', to: 0 })
    expect(treeKey(rows, 0, 'End')).toEqual({ kind: 'move', to: 4 })
    expect(treeKey(rows, 3, '2')).toEqual({ kind: 'move', to: 4 })
    expect(treeKey(rows, 4, '1')).toEqual({ kind: 'move', to: 0 })
  })
})
