// Reports people keep: definitions under a name, one's own and those shared with one's areas.
import { shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { addressOf, readAddress, type Definition } from './definition'

export interface Report {
  id: number
  name: string
  register: string
  definition: Record<string, unknown>
  owner: string
  area_code: string | null
  mine: boolean
}

export function useReports() {
  const reports = shallowRef<Report[]>([])

  async function load(): Promise<void> {
    const call = client.GET('/api/queries/saved', { params: { query: { kind: 'report' } } })
    reports.value = (await answer<{ items: Report[] }>(call)).items
  }

  async function save(name: string, definition: Definition, share: string | null): Promise<void> {
    const body = { kind: 'report', name, area_code: share, ...kept(definition) } as never
    await answer(client.POST('/api/queries/saved', { body }))
    await load()
  }

  /** Another name or circle of readers; with a definition, another figure of the same register. */
  async function change(report: Report, name: string, share: string | null, definition: Definition | null): Promise<void> {
    const body = { name, area_code: share, ...(definition ? kept(definition) : {}) } as never
    await answer(client.PATCH('/api/queries/saved/{key}', { params: { path: { key: report.id } }, body }))
    await load()
  }

  async function remove(report: Report): Promise<void> {
    await answer(client.DELETE('/api/queries/saved/{key}', { params: { path: { key: report.id } } }))
    await load()
  }

  return { reports, load, save, change, remove }
}

function kept({ register, by, where, ...shown }: Definition) {
  return { register, definition: { ...shown, by, where } }
}

/** The address of a kept report; what it holds is read as carefully as any address. */
export function addressOfReport({ register, definition }: Report): Record<string, string> {
  const { by, where, area, at, chart, side } = definition
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const query = where ? JSON.stringify(where) : ''
  const given = { register, by: Array.isArray(by) ? by.join(',') : '', query, area: text(area), at: text(at), chart: text(chart), side: text(side) }
  return addressOf(readAddress(given).definition)
}
