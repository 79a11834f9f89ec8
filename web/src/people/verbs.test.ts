import { describe, expect, it } from 'vitest'
import type { FoundRoom, Home, Person } from './homes'
import { bodyOf, empty, missing, placeOfRefusal, toRelate, type Subject } from './verbs'

const person = (id: number, name: string, relation: string): Person => ({
  id,
  version: 1,
  name,
  relation,
  sex: '1',
  birth_date: null,
  classes: [],
  freshness: 'fresh',
  freshness_name: '',
  verified_at: null,
  verified_by: null,
  verified_how: null,
})
const people = [person(1, '王一', '02'), person(2, '李二', '10'), person(3, '王三', '20')]
const room = { id: 9, number: '502', floor: 5, unit: '2单元', building_id: 1, building: '3幢', estate: '荷塘苑', address: null, verified_at: null, verified_by: null, verified_how: null, freshness_name: '' }
const home: Home = { id: 7, version: 3, number: 'H7', kind: '01', area_code: 'A', remark: null, retired: false, room, people, valuables: [], others: [], changes: [] }
const subject: Subject = { home, person: null, room: null }
const found: FoundRoom = { score: 1, estate: '荷塘苑', building: '1幢', unit: '1单元', room: '101', room_id: 11, building_id: 2 }

describe('moving house', () => {
  it('needs a room and says from where to where', () => {
    const filled = empty('move')
    expect(missing('move', subject, filled)).toHaveProperty('room')
    filled.room = found
    expect(missing('move', subject, filled)).toEqual({})
    expect(bodyOf('move', subject, filled)).toEqual({ room_id: 11 })
  })
})

describe('a split', () => {
  it('needs a head on both sides', () => {
    const filled = empty('split')
    expect(missing('split', subject, filled).members).toContain('至少')
    filled.going = [1, 3]
    expect(missing('split', subject, filled).members).toContain('变更户主')
    filled.going = [3]
    expect(missing('split', subject, filled).members).toContain('关系')
    filled.relations = { 3: '20' }
    expect(missing('split', subject, filled).members).toContain('一位户主')
    filled.relations = { 3: '02' }
    expect(missing('split', subject, filled)).toEqual({})
    expect(bodyOf('split', subject, filled)).toEqual({ members: [{ resident_id: 3, relation: '02' }] })
  })
})

describe('a head who goes', () => {
  const his: Subject = { ...subject, person: people[0]! }
  it('names the next one', () => {
    const filled = { ...empty('death'), relations: { 2: '02', 3: '20' }, on: '2026-11-01' }
    expect(toRelate('death', his, filled).map(({ id }) => id)).toEqual([2, 3])
    expect(bodyOf('death', his, filled)).toMatchObject({ on: '2026-11-01', members: [{ relation: '02' }, { relation: '20' }] })
  })
  it('closes the household when nobody stays', () => {
    const alone = { ...his, home: { ...home, people: [people[0]!] } }
    expect(missing('departure', alone, empty('departure'))).toEqual({})
  })
  it('a member just goes', () => {
    expect(toRelate('departure', { ...subject, person: people[2]! }, empty('departure'))).toEqual([])
  })
})

describe('newcomers', () => {
  it('need a name and a relation, newborns a day', () => {
    const filled = empty('birth')
    expect(missing('birth', subject, filled).people).toContain('姓名')
    filled.people[0] = { ...filled.people[0]!, name: ' 王四 ', relation: '20' }
    expect(missing('birth', subject, filled).people).toContain('出生日期')
    filled.people[0].birth_date = '2026-11-01'
    expect(missing('birth', subject, filled)).toEqual({})
    expect(bodyOf('birth', subject, filled)).toEqual({ child: { name: '王四', relation: '20', birth_date: '2026-11-01' } })
  })
  it('as tenants have one head', () => {
    const filled = empty('tenants')
    filled.people[0]!.name = '赵五'
    expect(missing('tenants', { home: null, person: null, room: { id: 9, title: '' } }, filled)).toEqual({})
    filled.people[0]!.relation = '99'
    expect(missing('tenants', subject, filled).people).toContain('户主')
  })
})

describe('joining', () => {
  it('lets no second head in', () => {
    const other = { ...home, id: 8, number: 'H8', people: [person(5, '赵五', '02')] }
    const filled = { ...empty('join'), other, relations: { 5: '02' } as Record<number, string> }
    expect(missing('join', subject, filled).members).toContain('不能是户主')
    filled.relations = { 5: '99' }
    expect(missing('join', subject, filled)).toEqual({})
  })
})

describe('refusals', () => {
  it('stand beside what they are about', () => {
    expect(['bad_date', 'same_room', 'two_heads', 'bad_id_number', 'conflict'].map(placeOfRefusal)).toEqual(['on', 'room', 'members', 'people', 'all'])
  })
})
