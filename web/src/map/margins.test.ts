import { expect, it } from 'vitest'
import { marginsFor, offsetOf } from './margins'

it('leaves the free part of a wide window', () => {
  expect(marginsFor(1366, 700, { card: true, panel: false })).toMatchObject({ left: 400, right: 40 })
  expect(marginsFor(1366, 700, { card: true, panel: true })).toMatchObject({ left: 400, right: 400 })
})

it('never asks for more than the window has', () => {
  expect(marginsFor(800, 600, { card: true, panel: true })).toMatchObject({ left: 40, right: 40 })
})

it('keeps above the sheet on a phone', () => {
  expect(marginsFor(390, 700, { card: true, panel: false }).bottom).toBe(406)
})

it('knows the middle of the free part', () => {
  expect(offsetOf({ top: 40, right: 40, bottom: 40, left: 400 })).toEqual([180, 0])
})
