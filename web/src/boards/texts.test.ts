import { expect, it } from 'vitest'
import { changedLook, changedTexts, formOf, rowOf, typedSince } from './texts'

const KEPT = formOf({ services: '代办', show_counts: true, phones: 'masked' }, '东至人民路')

it('shows what is kept, empty where it is as above', () => {
  expect(KEPT).toMatchObject({ extent: '东至人民路', services: '代办', heading: '', phones: 'masked', show_counts: 'yes', public_page: '' })
})

it('goes back as the register takes it', () => {
  expect(rowOf(KEPT)).toMatchObject({ services: '代办', heading: null, show_counts: true, public_page: null, phones: 'masked' })
})

it('previews only what was touched', () => {
  expect(changedTexts({ ...KEPT, heading: '公示栏', show_counts: 'no', report_link: 'https://x' }, KEPT)).toEqual({ heading: '公示栏', show_counts: false })
  expect(changedTexts({ ...KEPT, extent: '' }, KEPT)).toEqual({ extent: null })
})

it('asks for the chosen look beside the texts', () => {
  const chosen = { ...KEPT, template: 'a3', theme: 'red' }
  expect(changedLook(chosen, KEPT)).toEqual({ template: 'a3', theme: 'red' })
  expect(changedTexts(chosen, KEPT)).toEqual({})
  expect(rowOf(chosen)).toMatchObject({ template: 'a3', orientation: null, theme: 'red' })
})

it('keeps what was typed on while the texts were sent', () => {
  expect(typedSince(KEPT, { ...KEPT, heading: '公示栏' })).toEqual({ heading: '公示栏' })
  expect(typedSince(KEPT, { ...KEPT })).toEqual({})
})
