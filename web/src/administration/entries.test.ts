import { expect, it } from 'vitest'
import { entriesLike, tablesLike, wordsIn } from './entries'

it('takes synonyms apart however they are typed', () => {
  expect(wordsIn(' 老人、长者，老年人  老人;')).toEqual(['老人', '长者', '老年人'])
  expect(wordsIn(' ')).toEqual([])
})

it('finds tables and entries by any of their words', () => {
  const table = { list: 'sex', title: '性别', entries: 4, retired: 0, own: 0, fixed: false }
  const entry = { list: 'sex', code: '1', name: '男', synonyms: ['男性'], retired: false, own: false, source: null, version: 1 }
  expect([tablesLike([table], '性').length, tablesLike([table], 'SEX').length, tablesLike([table], 'x y').length]).toEqual([1, 1, 0])
  expect([entriesLike([entry], '男性').length, entriesLike([entry], '女').length]).toEqual([1, 0])
})
