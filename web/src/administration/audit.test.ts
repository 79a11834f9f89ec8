import { expect, it } from 'vitest'
import { filled, lines } from './audit'

it('sets what was beside what is', () => {
  expect(lines({ before: { name: '王' }, after: { name: '李', roles: ['x'] } })).toEqual([
    { name: 'name', before: '王', after: '李' },
    { name: 'roles', before: '', after: '["x"]' },
  ])
  expect(lines({ before: null, after: null })).toEqual([])
})

it('asks only for what was filled in', () => {
  expect(filled({ actor: ' 王 ', key: ' ' })).toEqual({ actor: '王' })
})
