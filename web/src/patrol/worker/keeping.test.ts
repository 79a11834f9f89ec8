import { expect, it } from 'vitest'
import { kindOf, outdated } from './keeping'

const HERE = 'https://grid.example'
const asked = (path: string, more = {}) =>
  kindOf({ method: 'GET', url: HERE + path, mode: 'cors', referrer: `${HERE}/patrol/phone`, ...more }, HERE)

it('touches the phone page, the build’s files and what its map needs', () => {
  expect(asked('/patrol/phone', { mode: 'navigate' })).toBe('page')
  expect(asked('/patrol/phone?from=home', { mode: 'navigate' })).toBe('page')
  expect(asked('/assets/index-a1.js')).toBe('file')
  expect(asked('/api/map')).toBe('map')
})

it('leaves everything else alone', () => {
  expect(asked('/', { mode: 'navigate' })).toBe('other')
  expect(asked('/patrol', { mode: 'navigate' })).toBe('other')
  expect(asked('/api/residents/')).toBe('other')
  expect(asked('/api/map', { referrer: `${HERE}/` })).toBe('other')
  expect(asked('/api/map', { method: 'POST' })).toBe('other')
  expect(kindOf({ method: 'GET', url: 'https://other.example/assets/a.js', mode: 'cors', referrer: '' }, HERE)).toBe('other')
})

it('drops files of an earlier build only', () => {
  expect(outdated(['/assets/a.js', '/assets/b.js', '/patrol/phone'], ['/assets/b.js'])).toEqual(['/assets/a.js'])
})
