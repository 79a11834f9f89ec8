import { describe, expect, it } from 'vitest'
import { destination, safeNext } from './destination'

const visit = { open: false, path: '/', next: undefined }

describe('destination', () => {
  it('sends a stranger to sign-in and remembers the page', () => {
    expect(destination({ ...visit, state: 'nobody' })).toBe('/login')
    expect(destination({ ...visit, state: 'nobody', path: '/?grid=1' })).toBe('/login?next=%2F%3Fgrid%3D1')
  })
  it('keeps someone who must change the password at the door', () => {
    expect(destination({ ...visit, state: 'must-change' })).toBe('/login')
    expect(destination({ ...visit, state: 'must-change', open: true })).toBe(true)
  })
  it('keeps someone at the door who still owes the code or must set it up', () => {
    for (const state of ['code', 'enrol'] as const) expect(destination({ ...visit, state })).toBe('/login')
  })
  it('leaves a locked page where it is', () => {
    expect(destination({ ...visit, state: 'locked' })).toBe(true)
  })
  it('lets a signed-in user past the door', () => {
    expect(destination({ ...visit, state: 'signed-in' })).toBe(true)
    expect(destination({ ...visit, state: 'signed-in', open: true, next: '/x' })).toBe('/x')
  })
})

describe('safeNext', () => {
  it.each(['https://a.example/', '//a.example', '/\\a.example', 'javascript:alert(1)', '/login', undefined, ['/x']])(
    'refuses %s',
    (next) => expect(safeNext(next)).toBe('/'),
  )
})
