import { describe, expect, it } from 'vitest'
import { asProblem, isAbort, Problem, problemFrom } from './problem'
import { words } from './words'

describe('problemFrom', () => {
  it('reads the sentence and the code of the service', () => {
    const problem = problemFrom(423, { title: '已锁定', detail: '请 20 分钟后再试', code: 'locked', status: 423 })
    expect(problem).toMatchObject({ status: 423, code: 'locked', title: '已锁定', detail: '请 20 分钟后再试' })
  })
  it('falls back to the title, then to a plain sentence', () => {
    expect(problemFrom(403, { title: '没有权限' }).detail).toBe('没有权限')
    expect(problemFrom(502, '<html>').detail).toBe(words.failed.unexpected)
  })
})

describe('asProblem', () => {
  it('calls a failed fetch a matter of the network', () => {
    expect(asProblem(new TypeError('Failed to fetch')).code).toBe('network')
  })
  it('keeps a problem as it is', () => {
    const problem = new Problem(404, 'not_found', 't', 'd')
    expect(asProblem(problem)).toBe(problem)
  })
})

it('knows a cancelled request', () => {
  expect(isAbort(new DOMException('x', 'AbortError'))).toBe(true)
  expect(isAbort(new TypeError('x'))).toBe(false)
})
