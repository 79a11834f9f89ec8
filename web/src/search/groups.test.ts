import { expect, it } from 'vitest'
import type { SearchItem } from '@/api/types'
import { groupsOf } from './groups'

const item = (kind: string, id: number): SearchItem => ({ kind, id, title: String(id), lon: 1, lat: 2 })

it('keeps the order and every row its place in the whole list', () => {
  const groups = groupsOf([item('area', 1), item('area', 2), item('building', 1)])
  expect(groups.map(({ kind, rows }) => [kind, rows.map(({ index }) => index)])).toEqual([['area', [0, 1]], ['building', [2]]])
  expect(groupsOf([])).toEqual([])
})
