import { describe, expect, it } from 'vitest'
import { nameIn } from './download'

describe('the name of a downloaded file', () => {
  it('is read from the UTF-8 form before the plain one', () => {
    expect(nameIn(`attachment; filename="a.xlsx"; filename*=UTF-8''%E5%B1%85%E6%B0%91.xlsx`)).toBe('居民.xlsx')
    expect(nameIn('attachment; filename=plain.csv')).toBe('plain.csv')
    expect(nameIn(null)).toBeNull()
  })
})
