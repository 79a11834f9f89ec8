import { describe, expect, it } from 'vitest'
import type { StatusCell, StatusRule } from '@/api/types'
import { traitCounts, type Diagram } from './estate'

const rule = (trait: string) => ({ trait, label: `<${trait}>`, mark: '', color: '', pattern: 'none', count: 0 }) satisfies StatusRule
const cell = (kind: 'room' | 'gap', ...traits: string[]) => ({ kind, traits }) as StatusCell

describe('a small diagram in words', () => {
  it('counts each trait of its rooms, gaps not at all', () => {
    const diagram = { cells: [cell('room', 'let'), cell('room', 'let', 'self'), cell('gap'), cell('room', 'self', 'let')] } as unknown as Diagram
    expect(traitCounts(diagram, [rule('self'), rule('let'), rule('vacant')])).toEqual([
      { label: '<let>', count: 3 },
      { label: '<self>', count: 2 },
    ])
  })
})
