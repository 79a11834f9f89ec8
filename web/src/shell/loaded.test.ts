import { expect, it } from 'vitest'
import { turns, useAsked } from './loaded'

function later<T>() {
  let give!: (value: T) => void
  const promise = new Promise<T>((done) => (give = done))
  return { promise, give }
}

it('knows which of several questions is the last', () => {
  const turn = turns()
  const first = turn()
  expect(first()).toBe(true)
  const second = turn()
  expect([first(), second()]).toEqual([false, true])
})

it('keeps the answer to the last question, whichever comes first', async () => {
  const [slow, quick] = [later<string>(), later<string>()]
  const waiting = [slow.promise, quick.promise]
  const taken: string[] = []
  const { data, busy, load } = useAsked(() => waiting.shift()!, (found) => taken.push(found))
  const both = [load(), load()]
  quick.give('of the second')
  await both[1]
  slow.give('of the first')
  await both[0]
  expect([data.value, busy.value, taken]).toEqual(['of the second', false, ['of the second']])
})

it('keeps what it has when a later question is refused', async () => {
  let works = true
  const asked = useAsked(async () => {
    if (!works) throw new TypeError('nobody answers')
    return 1
  })
  await asked.load()
  works = false
  await asked.load()
  expect([asked.data.value, asked.problem.value?.code]).toEqual([1, 'network'])
})
