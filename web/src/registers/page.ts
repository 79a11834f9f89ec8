// One register on the screen: its question, its page of rows, totals, and what is chosen; the question lives in the address bar.
import { computed, ref, shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { asProblem, isAbort, type Problem } from '@/api/problem'
import { useDictionary } from '@/dictionary/dictionary'
import { columnsOf, keepChoice, readChoice, type Choice } from './columns'
import { ask, listRegisters, sumUp } from './service'
import type { Key, NamesBeside, PlaceOfRow, Register, Row, Sums, Where } from './types'
import { both, countConditions, fromAddress, holdsSecret, readWhere } from './where'

export const VIEWS = ['both', 'table', 'map'] as const
export type View = (typeof VIEWS)[number]

const MOST_SHOWN = [50, 100, 200]

export function useRegisterPage() {
  const route = useRoute()
  const router = useRouter()
  const dictionary = useDictionary()
  const registers = shallowRef<Register[] | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  const rows = shallowRef<Row[] | null>(null)
  const names = shallowRef<NamesBeside>({})
  const places = shallowRef<Record<string, PlaceOfRow>>({})
  const sums = shallowRef<Sums | null>(null)
  const next = ref<string | null>(null)
  const trail = ref<string[]>([]) // the cursors of the pages before
  const secret = shallowRef<Where | null>(null) // a question with a number in it stays off the address bar
  const quick = ref('')
  const listed = shallowRef<Where | null>(null) // what was chosen on the map
  const choice = ref<Choice>({ columns: [], widths: {} })
  const limit = ref(MOST_SHOWN[0] ?? 50)
  let running: AbortController | null = null

  const register = computed(() => registers.value?.find(({ name }) => name === String(route.params.name ?? '')) ?? null)
  const asked = computed<Where | null>(() => secret.value ?? fromAddress(route.query.where))
  const words = computed<Where | null>(() => (quick.value.trim() ? { text: quick.value.trim() } : null))
  const question = computed(() => both(asked.value, words.value)) // the map goes on showing all of it beside what is listed
  const where = computed(() => both(question.value, listed.value))
  const sort = computed(() => (typeof route.query.sort === 'string' ? route.query.sort : ''))
  const view = computed<View>(() => VIEWS.find((one) => one === route.query.view) ?? 'both')
  const chosen = computed<Key | null>(() => keyOf(route.query.row))
  const conditions = computed(() => countConditions(readWhere(asked.value)))
  const columns = computed(() => {
    const fields = register.value ? columnsOf(register.value) : []
    return choice.value.columns.flatMap((key) => fields.filter((field) => field.key === key))
  })

  function keyOf(given: unknown): Key | null {
    if (typeof given !== 'string' || !given) return null
    const whole = register.value?.fields.find(({ key }) => key === register.value?.key)?.kind === 'number'
    return whole ? Number(given) : given
  }

  async function begin(): Promise<void> {
    problem.value = null
    try {
      registers.value = await listRegisters()
      const first = registers.value.find(({ name }) => name === 'residents') ?? registers.value[0]
      if (!route.params.name && first) await router.replace({ name: 'registers', params: { name: first.name }, query: route.query })
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
  }

  /** Puts something of the question into the address bar; what is empty leaves it. */
  function put(change: Record<string, string | undefined>): void {
    const query = { ...route.query, ...change }
    for (const [key, value] of Object.entries(query)) if (!value) delete query[key]
    void router.replace({ query })
  }

  function setWhere(now: Where | null): void {
    const keepOff = now && register.value && holdsSecret(readWhere(now), register.value.fields)
    secret.value = keepOff ? now : null
    put({ where: now && !keepOff ? JSON.stringify(now) : undefined })
  }

  const key = (row: Row): Key => row[register.value?.key ?? 'id'] as Key

  async function load(after?: string): Promise<void> {
    const current = register.value
    if (!current) return
    running?.abort()
    const mine = (running = new AbortController())
    busy.value = true
    problem.value = null
    try {
      const question = { where: where.value, sort: sort.value || undefined, limit: limit.value, told: true, after }
      const page = await ask(current.name, question, mine.signal)
      rows.value = page.items
      names.value = page.names ?? {}
      places.value = page.places ?? {}
      next.value = page.next
      if (!after) void count(current.name, mine.signal)
    } catch (thrown) {
      if (isAbort(thrown)) return
      problem.value = asProblem(thrown)
    }
    if (running === mine) busy.value = false
  }

  async function count(name: string, signal: AbortSignal): Promise<void> {
    sums.value = null
    try {
      sums.value = await sumUp(name, where.value, signal)
    } catch {
      // the page stands without its totals
    }
  }

  function turn(step: 1 | -1): void {
    const cursors = [...trail.value]
    if (step === 1 && next.value) cursors.push(next.value)
    else cursors.pop()
    trail.value = cursors
    void load(cursors.at(-1))
  }

  const again = () => load(trail.value.at(-1))

  function setChoice(now: Choice): void {
    choice.value = now
    if (register.value) keepChoice(localStorage, register.value, now)
  }

  watch(register, (now, before) => {
    if (!now) return
    choice.value = readChoice(localStorage, now)
    for (const { codes } of now.fields) if (codes) void dictionary.load(codes)
    if (before && before.name !== now.name) {
      secret.value = listed.value = null
      quick.value = ''
      rows.value = null
    }
  })
  watch([register, where, sort, limit], () => {
    trail.value = []
    void load()
  })

  return {
    registers, register, problem, busy, rows, names, places, sums, next, trail, quick, listed, asked, question, where, sort, view, chosen,
    conditions, columns, choice, limit, sizes: MOST_SHOWN, lists: dictionary.lists,
    begin, put, setWhere, key, load, again, turn, setChoice,
  }
}

export type RegisterPage = ReturnType<typeof useRegisterPage>
