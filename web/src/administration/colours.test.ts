import { expect, it } from 'vitest'
import { changes, type Look } from './colours'

it('sends only what was changed', () => {
  const look: Look = { trait: 'let', label: '出租', mark: '租', color: '#f7c56b', pattern: 'lines', priority: 70 }
  expect(changes([look], [{ ...look }])).toEqual({})
  expect(changes([look], [{ ...look, color: '#ffffff', priority: 1 }])).toEqual({ let: { color: '#ffffff', priority: 1 } })
})
