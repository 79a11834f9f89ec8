import { expect, it } from 'vitest'
import { useAsked } from '@/shell/loaded'
import { fieldTime, isoDay, shortTime } from './asked'

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

it('tells times shortly', () => {
  const now = new Date()
  now.setHours(9, 5)
  expect(shortTime(now.getTime())).toBe('09:05')
  expect(shortTime('2020-01-02T03:04:00')).toBe('01-02 03:04')
  expect(shortTime(null)).toBe('—')
  expect(isoDay(new Date(2026, 0, 5))).toBe('2026-01-05')
})

it('gives a field the moment it gets back', () => {
  const moment = new Date(2026, 10, 1, 4, 5)
  expect(fieldTime(moment)).toBe('2026-11-01T04:05')
  expect(new Date(fieldTime(moment)).getTime()).toBe(moment.getTime())
})
