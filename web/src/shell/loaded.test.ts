import { expect, it } from 'vitest'
import { useAsked } from './loaded'

it('believes only the last question', async () => {
  const answers: ((value: number) => void)[] = []
  const asked = useAsked(() => new Promise<number>((tell) => answers.push(tell)))
  const first = asked.load()
  const second = asked.load()
  answers[1]!(2)
  await second
  answers[0]!(1)
  await first
  expect([asked.data.value, asked.busy.value]).toEqual([2, false])
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
