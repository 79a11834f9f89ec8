import { expect, it } from 'vitest'
import { grouped } from './rights'

it('keeps together what is about the same thing, in the order of the service', () => {
  const rights = { 'areas.read': '查看区域', 'people.read': '查看居民', 'areas.write': '维护区域' }
  expect(grouped(rights).map(({ name, rights }) => [name, rights.length])).toEqual([
    ['areas', 2],
    ['people', 1],
  ])
})
