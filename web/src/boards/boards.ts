// What the pages of boards share: the areas one may make boards for, the chosen one, the templates.
import { computed, ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'

export interface BoardArea {
  code: string
  name: string
  level: string
  parent: string | null
  prints: number
  stale: number
}

export type Way = 'portrait' | 'landscape'

export interface Slot {
  slot: string
  box: [number, number, number, number]
  head?: string
  text?: string
  columns?: number
  plain?: boolean
}

/** A template as its file says it. */
export interface TemplateBody {
  title: string
  paper: Partial<Record<Way, [number, number]>>
  theme?: string
  letters: Record<string, number>
  text: Record<string, number>
  colours?: Record<string, string>
  slots: Partial<Record<Way, Slot[]>>
  [other: string]: unknown
}

export interface Template {
  name: string
  title: string
  papers_mm: Partial<Record<Way, [number, number]>>
  theme: string
  /** By theme: the colours of a template that has none of its own. */
  inherits: Record<string, Record<string, string>>
  sheet: boolean
  own: boolean
  id: number | null
  version: number | null
  area_code: string | null
  told: TemplateBody
}

export interface Told {
  template: string
  orientation: Way
  paper_mm: [number, number]
  scale: number | null
  theme: string
  content: {
    name: string
    above: string[]
    extent: string | null
    services: string
    supervision_phone: string | null
    publisher: string | null
    heading: string
    url: string | null
    logo: string | null
    people: { post_name: string; name: string }[]
  }
  decided: Record<string, unknown>
  gaps: string[]
  proposed_extent: string | null
}

export interface TreeNode extends BoardArea {
  children: TreeNode[]
}

/** Areas as a tree; what has no parent among them stands at the top. */
export function treeOf(areas: readonly BoardArea[]): TreeNode[] {
  const nodes = new Map(areas.map((area) => [area.code, { ...area, children: [] as TreeNode[] }]))
  const top: TreeNode[] = []
  for (const node of nodes.values()) (nodes.get(node.parent ?? '')?.children ?? top).push(node)
  return top
}

/** The area and those above it that one may set something for, the lowest first. */
export function chainOf(areas: readonly BoardArea[], code: string): BoardArea[] {
  const byCode = new Map(areas.map((area) => [area.code, area]))
  const found: BoardArea[] = []
  for (let area = byCode.get(code); area && !found.includes(area); area = byCode.get(area.parent ?? '')) found.push(area)
  return found
}

/** Codes of the grids at or below an area. */
export function gridsUnder(areas: readonly BoardArea[], code: string): string[] {
  return areas.filter((area) => area.level === 'grid' && area.code.startsWith(code)).map((area) => area.code)
}

export function stateOf(area: BoardArea): 'none' | 'made' | 'stale' {
  if (area.stale) return 'stale'
  return area.prints ? 'made' : 'none'
}

const areas = shallowRef<BoardArea[] | null>(null)
const problem = ref<Problem | null>(null)
const code = ref('')
const ticked = ref<string[]>([])

export function useBoards() {
  async function load(): Promise<void> {
    problem.value = null
    try {
      areas.value = (await answer<{ items: BoardArea[] }>(client.GET('/api/boards/areas'))).items
      const codes = new Set(areas.value.map((area) => area.code))
      if (!codes.has(code.value)) code.value = areas.value.find((area) => area.level === 'grid')?.code ?? areas.value[0]?.code ?? ''
      ticked.value = ticked.value.filter((one) => codes.has(one))
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
  }

  const area = computed(() => areas.value?.find((one) => one.code === code.value) ?? null)
  return { areas, problem, code, ticked, area, load }
}

export async function templatesOf(area_code: string): Promise<Template[]> {
  const query = area_code ? { area_code } : {}
  return (await answer<{ items: Template[] }>(client.GET('/api/boards/templates', { params: { query } }))).items
}
