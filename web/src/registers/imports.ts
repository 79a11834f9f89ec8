// A sheet on its way into a register: tried, matched, started, followed.
import { computed, ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { useJob } from '@/api/job'
import { asProblem } from '@/api/problem'
import { turns } from '@/shell/loaded'
import { uploadTo } from './upload'
import { words } from './words'

export interface SheetKind {
  name: string
  title: string
  worksheet: string
  fields: { key: string; label: string; required: boolean; hint: string; codes: string | null }[]
}

export interface Preview {
  sheet: string
  header_row: number
  header: string[]
  count: number | null
  mapping: Record<string, string>
  fields: { key: string; label: string; required: boolean }[]
  counts: Record<string, number>
  rows: { row: number; outcome: string; values: Record<string, string>; faults: Record<string, string> }[]
  warnings: string[]
}

export interface Mapping {
  source: string
  columns: Record<string, string>
}

/** Which column each field takes, as it is sent: only where it differs from what the service found; '' where none is wanted. */
export function chosenColumns(found: Readonly<Record<string, string>>, chosen: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const all = Object.entries({ ...found, ...chosen }).map(([key, column]) => [key, column ?? ''] as const)
  return Object.fromEntries(all.filter(([key, column]) => column !== (found[key] ?? '')))
}

/** Required fields that no column was found for. */
export function unmatched({ fields }: Pick<Preview, 'fields'>, chosen: Readonly<Record<string, string>>): string[] {
  return fields.filter(({ key, required }) => required && !chosen[key]).map(({ label }) => label)
}

export function useImport() {
  const kinds = shallowRef<SheetKind[] | null>(null)
  const kind = ref('')
  const file = shallowRef<File | null>(null)
  const preview = shallowRef<Preview | null>(null)
  const chosen = ref<Record<string, string>>({})
  const byHand = ref<Record<string, string>>({}) // what was chosen by hand for this file, kept when it is read again
  const crs = ref('')
  const sources = shallowRef<Mapping[]>([])
  const source = ref('')
  const sheet = ref('')
  const keepGood = ref(true)
  const busy = ref(false)
  const fault = ref('')
  const ended = ref(false)
  const turn = turns()
  const { job, problem: lost, follow, cancel } = useJob(() => (ended.value = true))

  const step = computed(() => (job.value ? 2 : preview.value ? 1 : 0))
  const current = computed(() => kinds.value?.find(({ name }) => name === kind.value) ?? null)
  const missing = computed(() => (preview.value ? unmatched(preview.value, chosen.value) : []))
  const told = computed(() => (job.value?.report ?? {}) as Record<string, number> & { warnings?: string[] })
  const outcome = computed(() => {
    const status = job.value?.status
    if (status === 'cancelled') return words.import.cancelled
    if (status === 'done') return words.import.done
    return status === 'refused' ? words.import.refusedAll : words.import.failed
  })

  async function begin(wanted: string): Promise<void> {
    fault.value = ''
    try {
      kinds.value = (await answer<{ items: SheetKind[] }>(client.GET('/api/sheets/'))).items
      kind.value = kinds.value.find(({ name }) => name === wanted)?.name ?? kinds.value[0]?.name ?? ''
      await choose()
    } catch (thrown) {
      fault.value = asProblem(thrown).detail
    }
  }

  async function choose(): Promise<void> {
    source.value = ''
    if (!kind.value) return
    const path = { kind: kind.value }
    const { items } = await answer<{ items: Mapping[] }>(client.GET('/api/sheets/{kind}/mappings', { params: { path } }))
    if (path.kind === kind.value) sources.value = items
  }

  function query(): URLSearchParams {
    const asked = new URLSearchParams()
    if (source.value) asked.set('source', source.value)
    if (sheet.value) asked.set('sheet', sheet.value)
    if (crs.value && chosen.value.lon) asked.set('crs', crs.value)
    if (preview.value) byHand.value = { ...byHand.value, ...chosenColumns(preview.value.mapping, chosen.value) }
    if (Object.keys(byHand.value).length) asked.set('columns', JSON.stringify(byHand.value))
    return asked
  }

  async function tryFile(given?: File): Promise<void> {
    if (given) {
      file.value = given
      preview.value = null
      chosen.value = {}
      byHand.value = {}
      sheet.value = crs.value = ''
    }
    if (!file.value) return
    const isLast = turn()
    busy.value = true
    fault.value = ''
    try {
      const found = await uploadTo<Preview>(`/api/sheets/${kind.value}/preview?${query()}`, file.value)
      if (!isLast()) return // another file was dropped meanwhile
      preview.value = found
      chosen.value = { ...found.mapping }
      sheet.value = found.sheet
    } catch (thrown) {
      if (isLast()) fault.value = asProblem(thrown).detail
    }
    if (isLast()) busy.value = false
  }

  async function start(): Promise<void> {
    if (!file.value) return
    busy.value = true
    fault.value = ''
    try {
      const asked = query()
      if (keepGood.value) asked.set('keep_good', 'true')
      const { id } = await uploadTo<{ id: number }>(`/api/imports/${kind.value}?${asked}`, file.value)
      ended.value = false
      await follow(id)
    } catch (thrown) {
      fault.value = asProblem(thrown).detail
    }
    busy.value = false
  }

  async function remember(name: string): Promise<void> {
    const path = { kind: kind.value, source: name }
    const columns = Object.fromEntries(Object.entries(chosen.value).filter(([, column]) => column))
    await answer(client.PUT('/api/sheets/{kind}/mappings/{source}', { params: { path }, body: { columns } }))
    const before = source.value
    await choose()
    source.value = sources.value.some((one) => one.source === name) ? name : before
  }

  async function forget(): Promise<void> {
    const path = { kind: kind.value, source: source.value }
    await answer(client.DELETE('/api/sheets/{kind}/mappings/{source}', { params: { path } }))
    await choose()
  }

  function another(): void {
    file.value = preview.value = job.value = null
    chosen.value = {}
    byHand.value = {}
    fault.value = ''
    ended.value = false
  }

  return {
    kinds, kind, current, file, preview, chosen, sources, source, sheet, crs, keepGood, busy, fault, ended, job, lost, step, missing, told, outcome,
    begin, choose, tryFile, start, cancel, remember, forget, another,
  }
}

export type Importing = ReturnType<typeof useImport>
