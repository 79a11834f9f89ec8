import { describe, expect, it } from 'vitest'
import type { Template } from './boards'
import { asked, noWish, titleOf } from './options'

describe('a wish', () => {
  it('leaves open what is not chosen', () => {
    expect(asked(noWish())).toEqual({})
  })
  it('names what is chosen', () => {
    expect(asked({ ...noWish(), template: 'a3', scale: 500, here: { lon: 1, lat: 2 } })).toEqual({ template: 'a3', scale: 500, lon: 1, lat: 2 })
  })
})

describe('a template', () => {
  const stock = { name: 'a4', title: 'A4 公示牌', own: false, papers_mm: { portrait: [210, 297] } } as unknown as Template
  it('is called by its title and size', () => {
    expect(titleOf(stock, '本单位')).toBe('A4 公示牌（210×297）')
    expect(titleOf({ ...stock, title: '墙牌 600×900' }, '本单位')).toBe('墙牌 600×900')
    expect(titleOf({ ...stock, own: true, name: '我们的' }, '本单位')).toBe('我们的 · 本单位（210×297）')
  })
})
