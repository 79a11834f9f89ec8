// A shop with all that belongs to it, as the registers tell it.
import { ask, listRegisters, whyThere } from '@/registers/service'
import type { NamesBeside, PlaceOfRow, Register, Row } from '@/registers/types'

export interface Shop {
  register: Register
  row: Row
  names: NamesBeside
  place: PlaceOfRow | null
  staff: Row[]
  /** Why it belongs to its grid, in a sentence. */
  why: string
}

const MOST_STAFF = 200

export async function openShop(key: number): Promise<Shop> {
  const where = (field: string) => ({ field, op: 'eq', value: key })
  const [registers, page, staff, why] = await Promise.all([
    listRegisters(),
    ask('premises', { where: where('id'), told: true, retired: true }),
    ask('premises_staff', { where: where('premises_id'), sort: 'id', limit: MOST_STAFF }),
    whyThere('premises', key),
  ])
  const register = registers.find(({ name }) => name === 'premises')!
  return { register, row: page.items[0]!, names: page.names ?? {}, place: page.places?.[String(key)] ?? null, staff: staff.items, why }
}
