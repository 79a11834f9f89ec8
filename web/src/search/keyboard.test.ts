import { describe, expect, it } from 'vitest'
import { marked, press } from './keyboard'

const open = (active: number) => ({ open: true, active })
const shut = { open: false, active: -1 }

describe('press', () => {
  it('walks down and around', () => {
    expect(press(open(-1), 'ArrowDown', 3).state.active).toBe(0)
    expect(press(open(2), 'ArrowDown', 3).state.active).toBe(0)
  })
  it('walks up and around', () => {
    expect(press(open(-1), 'ArrowUp', 3).state.active).toBe(2)
    expect(press(open(0), 'ArrowUp', 3).state.active).toBe(2)
  })
  it('reopens the list', () => {
    expect(press(shut, 'ArrowDown', 2).state).toEqual(open(0))
    expect(press(shut, 'ArrowDown', 0).taken).toBe(false)
  })
  it('takes the first row on Enter when none is lit', () => {
    expect(press(open(-1), 'Enter', 2)).toMatchObject({ effect: 'choose', state: { open: false, active: 0 } })
    expect(press(open(1), 'Enter', 2)).toMatchObject({ effect: 'choose', state: { active: 1 } })
    expect(press(open(-1), 'Enter', 0).effect).toBe('none')
  })
  it('closes the list on Escape, then clears the box', () => {
    expect(press(open(1), 'Escape', 2)).toMatchObject({ effect: 'none', state: shut })
    expect(press(shut, 'Escape', 2).effect).toBe('clear')
  })
  it('leaves all other keys to the box', () => {
    expect(press(open(0), '网', 2).taken).toBe(false)
  })
})

describe('marked', () => {
  it('marks what was typed', () => {
    expect(marked('滨江花园3栋', '花园')).toEqual([
      { text: '滨江', hit: false },
      { text: '花园', hit: true },
      { text: '3栋', hit: false },
    ])
  })
  it('ignores case and marks nothing when the hit lies elsewhere', () => {
    expect(marked('KTV', 'ktv')).toEqual([{ text: 'KTV', hit: true }])
    expect(marked('3栋', '花园')).toEqual([{ text: '3栋', hit: false }])
    expect(marked('3栋', ' ')).toEqual([{ text: '3栋', hit: false }])
  })
})
