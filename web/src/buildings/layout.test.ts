import { expect, it } from 'vitest'
import { bodyOf, floorsOf, numbersIn } from './layout'

it('reads numbers however they are separated', () => {
  expect(numbersIn('4, 13、14；-1')).toEqual([4, 13, 14, -1])
  expect(numbersIn('')).toEqual([])
})

it('asks for the layout as it was typed', () => {
  expect(bodyOf({ lowest: -1, highest: 6, doors: 2, skippedFloors: '4', skippedDoors: '' })).toEqual({
    lowest: -1, highest: 6, doors: 2, skipped_floors: [4], skipped_doors: [],
  })
})

it('puts the top floor first and doors from the left', () => {
  const room = (floor: number, door: number) => ({ floor, door, door_span: 1, number: `${floor}0${door}`, is_there: false })
  const floors = floorsOf([room(-1, 1), room(1, 2), room(1, 1), room(2, 1)])
  expect(floors.map(({ floor, rooms }) => [floor, ...rooms.map(({ door }) => door)])).toEqual([[2, 1], [1, 1, 2], [-1, 1]])
})
