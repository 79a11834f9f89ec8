import { expect, it } from 'vitest'
import type { Located, Responsible } from '@/api/types'
import { peopleOf } from './people'

const person = (name: string, area_code: string): Responsible => ({ name, area_code, post: '', post_name: '', area_name: '' })
const located = (...responsible: Responsible[]): Located => ({ code: '015', placed_by: 'inside', chain: [], responsible })

it('puts the people of the grid before those above', () => {
  const { near, above } = peopleOf(located(person('叶', '015'), person('胡', '01')))
  expect([near.map(({ name }) => name), above.map(({ name }) => name)]).toEqual([['叶'], ['胡']])
})

it('hides nobody when the grid has no people of its own', () => {
  expect(peopleOf(located(person('胡', '01')))).toEqual({ near: [person('胡', '01')], above: [] })
})
