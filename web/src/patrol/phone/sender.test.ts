import { beforeEach, expect, it, vi } from 'vitest'
import { Problem } from '@/api/problem'
import type { Fix } from './records'
import { sendAll } from './sender'
import type { Store } from './store'

const post = vi.hoisted(() => vi.fn())
vi.mock('@/api/client', () => ({ client: { POST: post }, answer: (call: unknown) => call }))

/** A phone's memory with so many positions waiting. */
function memory(count: number) {
  const fixes = Array.from({ length: count }, (_, at): Fix => ({ ...NOWHERE, at }))
  const settle = async (some: Fix[], why: ReadonlyMap<number, string>) =>
    some.forEach((one) => Object.assign(fixes[one.at]!, why.has(one.at) ? { state: 'refused', why: why.get(one.at) } : { state: 'sent' }))
  const waitingFixes = async (_: number, most: number) => fixes.filter(({ state }) => state === 'waiting').slice(0, most)
  return { fixes, store: { settle, waitingFixes, entries: async () => [] } as unknown as Store }
}

const NOWHERE: Fix = {
  user: 1, at: 0, lon: 106.5, lat: 29.5, accuracy_m: 8, speed_mps: null, course_deg: null, ele_m: null, battery: null, state: 'waiting',
}
const inState = (fixes: Fix[], state: string) => fixes.filter((fix) => fix.state === state).map(({ at }) => at)

beforeEach(() => {
  post.mockReset()
})

it('keeps only the odd position back when a heap is refused for it', async () => {
  const { fixes, store } = memory(700)
  post.mockImplementation(async (_: string, { body }: { body: { fixes: Fix[] } }) => {
    if (body.fixes.some(({ at }) => at === 333)) throw new Problem(422, 'invalid', '', '海拔超出范围')
    return { refused: [] }
  })
  expect(await sendAll(store, 1, 'phone', () => {})).toBe('sent')
  expect(inState(fixes, 'refused')).toEqual([333])
  expect(inState(fixes, 'sent')).toHaveLength(699)
  expect(fixes[333]!.why).toBe('海拔超出范围')
  expect(post.mock.calls.length).toBeLessThan(40)
})

it('refuses nothing while the page is locked or nobody answers', async () => {
  for (const [status, code, stopped] of [[403, 'waits_locked', 'sign-in'], [0, 'network', 'later'], [503, 'busy', 'later']] as const) {
    const { fixes, store } = memory(3)
    const told = vi.fn()
    post.mockRejectedValue(new Problem(status, code, '', ''))
    expect(await sendAll(store, 1, 'phone', told)).toBe(stopped)
    expect(inState(fixes, 'waiting')).toHaveLength(3)
    expect(told).not.toHaveBeenCalled()
  }
})

it('tells at once what is refused for who sent it', async () => {
  const { fixes, store } = memory(3)
  post.mockRejectedValue(new Problem(409, 'already_retired', '', '这部手机已被停用'))
  expect(await sendAll(store, 1, 'phone', () => {})).toBe('sent')
  expect(inState(fixes, 'refused')).toHaveLength(3)
  expect(post).toHaveBeenCalledTimes(1)
})
