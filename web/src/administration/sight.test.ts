import { describe, expect, it } from 'vitest'
import type { Look } from './colours'
import { contrast, difference, doubts, seenAs } from './sight'

const look = (given: Partial<Look>): Look => ({ trait: 'x', label: 'x', mark: 'x', color: '#ffffff', pattern: 'none', priority: 1, ...given })

describe('how colours look', () => {
  it('knows the contrast of text', () => {
    expect(contrast('#ffffff', '#000000')).toBeCloseTo(21)
    expect(contrast('#1f2a37', '#bcdcf5')).toBeGreaterThan(7)
  })
  it('makes red and green alike for the red-weak, and leaves white white', () => {
    expect(difference('#c00000', '#5f5f00', 'usual')).toBeGreaterThan(40)
    expect(difference('#c00000', '#3a3a00', 'protan')).toBeLessThan(25)
    expect([seenAs('#ffffff', 'protan'), seenAs('#ffffff', 'grey'), seenAs('#12ab34', 'usual')]).toEqual(['#ffffff', '#ffffff', '#12ab34'])
  })
})

describe('doubts', () => {
  it('tells what is lost, what only its sign saves, and what is too dark', () => {
    const one = look({ trait: 'a', color: '#f7c56b', mark: '租' })
    expect(doubts([one, look({ trait: 'b', color: '#f7c66b', mark: '租' })], '#1f2a37').map(({ kind }) => kind)).toEqual(['lost'])
    expect(doubts([one, look({ trait: 'b', color: '#f7c66b', mark: '空' })], '#1f2a37').map(({ kind }) => kind)).toEqual(['alike'])
    expect(doubts([one, look({ trait: 'b', color: '#f7c66b', pattern: 'dots' })], '#1f2a37')).toEqual([])
    expect(doubts([look({ color: '#203040' })], '#1f2a37').map(({ kind }) => kind)).toEqual(['dark'])
  })
})
