// One record being looked at or filled in: loaded, checked, saved, undone, and brought together with what others saved meanwhile.
import { computed, ref, shallowRef, watch } from 'vue'
import { ElMessage } from 'element-plus/es/components/message/index'
import { asProblem, type Problem } from '@/api/problem'
import { useDictionary } from '@/dictionary/dictionary'
import { changedValues, differences, faults, fieldErrors, filledFromId, merged, same, startValues, tidied, type Difference, type Values } from './form'
import type { Guard } from './guard'
import { ask, change, find, keep, retire, undo, versions, whyThere } from './service'
import type { Key, NamesBeside, PlaceOfRow, Register, Row, Version } from './types'
import { words } from './words'

/** What a new record begins with, and what that is called. */
export interface Preset {
  values: Values
  names?: NamesBeside
}

const NOTHING: Preset = { values: {} }

export function useRecord(register: Register, given: Key | null, guard: Guard, told: (key: Key) => void, preset = NOTHING) {
  const dictionary = useDictionary()
  const row = shallowRef<Row | null>(null)
  const names = shallowRef<NamesBeside>(preset.names ?? {})
  const place = shallowRef<PlaceOfRow | null>(null)
  /** Why it belongs to its grid, in a sentence. */
  const why = ref('')
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  const before = shallowRef<Values>({ ...startValues(register, null), ...preset.values })
  const now = ref<Values>({ ...before.value })
  const refused = ref<Record<string, string>>({})
  const general = ref('')
  const filled = ref<string[]>([])
  const conflict = shallowRef<{ theirs: Row; found: Difference[] } | null>(null)
  const mayUndo = ref(false)
  const touched = ref(false)
  const key = ref<Key | null>(given)

  const changed = computed(() => changedValues(now.value, before.value))
  const dirty = computed(() => Object.keys(changed.value).length > 0)
  const obvious = computed(() => faults(register, now.value, before.value, key.value === null))
  /** The obvious is said once one tried to save or left the field; the service's word stays until the field changes. */
  const errors = computed(() => ({ ...(touched.value ? obvious.value : {}), ...refused.value }))

  for (const { codes } of register.fields) if (codes) void dictionary.load(codes)

  /** The record as it stands; `typed` is what was typed while it was on its way: that stays in the form, not yet saved. */
  function take(found: Row, typed: Values = {}): void {
    row.value = found
    before.value = startValues(register, found)
    now.value = { ...before.value, ...(found.retired_at ? {} : typed) }
    refused.value = {}
    general.value = ''
    filled.value = []
    touched.value = false
  }

  async function load(): Promise<void> {
    if (key.value === null) return
    problem.value = null
    try {
      const asked = { where: { field: register.key, op: 'eq', value: key.value }, told: true, retired: true }
      const [found, page, past, said] = await Promise.all([
        find(register.name, key.value),
        ask(register.name, asked),
        versions(register.name, key.value),
        register.explains ? whyThere(register.name, key.value) : '',
      ])
      names.value = page.names ?? {}
      place.value = page.places?.[String(key.value)] ?? null
      why.value = said
      mayUndo.value = past.may_undo && register.write
      take(found, changed.value)
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
  }

  /** Birth date, sex and origin stand in the number; what is already filled in stays. */
  async function fillFromId(): Promise<void> {
    const number = String(now.value.id_number ?? '')
    if ((now.value.id_type ?? '111') !== '111' || same(number, before.value.id_number)) return
    await Promise.all(['province', 'city', 'county'].map(dictionary.load))
    const said = filledFromId(now.value, placeOf)
    filled.value = Object.keys(said)
    now.value = { ...now.value, ...said }
  }

  function placeOf(code: string): string | null {
    const list = (name: string, at: string) => dictionary.lists[name]?.[at]
    const found = [list('province', `${code.slice(0, 2)}0000`), list('city', `${code.slice(0, 4)}00`), list('county', code)]
    return found.filter((name) => name && !/^(市辖区|县|省直辖县级行政区划)$/.test(name)).join('') || null
  }

  async function save(): Promise<boolean> {
    touched.value = true
    refused.value = {}
    general.value = ''
    const wrong = Object.keys(obvious.value).length
    if (wrong) general.value = words.faults.some(wrong)
    if (wrong || busy.value || !dirty.value) return false
    busy.value = true
    const sent = now.value
    const body = tidied(register, changed.value)
    try {
      const saved = key.value === null ? await keep(register.name, withoutEmpty({ ...preset.values, ...body })) : await change(register.name, key.value, row.value?.version ?? 0, body)
      await accept(saved, words.record.saved, changedValues(now.value, sent))
      return !dirty.value
    } catch (thrown) {
      await explain(asProblem(thrown))
      return false
    } finally {
      busy.value = false
    }
  }

  const withoutEmpty = (body: Values) => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))

  async function accept(saved: Row, said: string, typed: Values = {}): Promise<void> {
    take(saved, typed)
    key.value = saved[register.key] as Key
    guard.dirty.value = dirty.value
    ElMessage.success(said)
    told(key.value)
    await load()
  }

  async function explain(refusal: Problem): Promise<void> {
    if (refusal.status === 412 && key.value !== null) return meet(refusal)
    refused.value = fieldErrors(refusal.given)
    general.value = refusal.detail
  }

  /** Somebody was quicker: both versions side by side. */
  async function meet(refusal: Problem): Promise<void> {
    try {
      const theirs = await find(register.name, key.value as Key)
      const changes = (refusal.given.changes ?? []) as Version[]
      const found = differences(before.value, now.value, startValues(register, theirs), changes)
      conflict.value = { theirs, found }
      const asked = { where: { field: register.key, op: 'eq', value: key.value }, told: true, retired: true }
      names.value = { ...names.value, ...((await ask(register.name, asked)).names ?? {}) }
    } catch (thrown) {
      general.value = asProblem(thrown).detail
    }
  }

  /** Goes on from their version with what was chosen of mine, and saves that. */
  async function resolve(chosen: Record<string, 'mine' | 'theirs'>): Promise<void> {
    const met = conflict.value
    if (!met) return
    const theirs = startValues(register, met.theirs)
    const together = merged(theirs, met.found, chosen)
    take(met.theirs)
    now.value = together
    conflict.value = null
    if (dirty.value) await save()
    else await accept(met.theirs, words.record.saved)
  }

  async function act(verb: () => Promise<unknown>, said: string): Promise<void> {
    busy.value = true
    try {
      await verb()
      await load()
      ElMessage.success(said)
      if (key.value !== null) told(key.value)
    } catch (thrown) {
      await explain(asProblem(thrown))
    }
    busy.value = false
  }

  const version = () => row.value?.version ?? 0
  const takeBack = () => act(() => undo(register.name, key.value as Key, version()), words.record.undone)
  const end = () => act(() => retire(register.name, key.value as Key, version()), words.record.retired)

  function set(field: string, value: Values[string]): void {
    now.value = { ...now.value, [field]: value }
    if (refused.value[field]) refused.value = Object.fromEntries(Object.entries(refused.value).filter(([name]) => name !== field))
    if (field === 'id_number') void fillFromId()
  }

  function reset(): void {
    now.value = { ...before.value }
    refused.value = {}
    general.value = ''
    touched.value = false
  }

  watch(dirty, (is) => (guard.dirty.value = is))
  return {
    row, names, place, why, problem, busy, now, before, errors, general, filled, conflict, mayUndo, dirty, key, lists: dictionary.lists,
    load, save, set, reset, resolve, takeBack, end,
  }
}

export type OpenRecord = ReturnType<typeof useRecord>
