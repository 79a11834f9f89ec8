// A question as people put it together: a tree of conditions, to and from the service's language, in words, and in the address bar.
import type { Register, RegisterField, Where } from './types'
import { words } from './words'

export interface GroupNode {
  kind: 'group'
  how: 'all' | 'any'
  not: boolean
  parts: Node[]
}
export interface FieldNode {
  kind: 'field'
  field: string
  op: string
  value: unknown
}
export interface PlainNode {
  kind: 'area' | 'text' | 'fresh' | 'near' | 'inside'
  value: unknown
}
export type Node = GroupNode | FieldNode | PlainNode

export const emptyGroup = (): GroupNode => ({ kind: 'group', how: 'all', not: false, parts: [] })

const PLAIN = ['area', 'text', 'fresh', 'near', 'inside'] as const
export const WITHOUT_VALUE = ['empty', 'filled']
const LISTS = ['in', 'all']

/** The tree of what the service calls `where`; a lone condition becomes a group of one. */
export function readWhere(where: Where | null | undefined): GroupNode {
  if (!where || Object.keys(where).length === 0) return emptyGroup()
  const node = read(where)
  return node.kind === 'group' && !node.not ? node : { ...emptyGroup(), parts: [node] }
}

function read(where: Where): Node {
  const given = where as Record<string, unknown>
  for (const how of ['all', 'any'] as const)
    if (Array.isArray(given[how])) return { kind: 'group', how, not: false, parts: (given[how] as Where[]).map(read) }
  if (given.not) {
    const inner = read(given.not as Where)
    return inner.kind === 'group' && !inner.not ? { ...inner, not: true } : { kind: 'group', how: 'all', not: true, parts: [inner] }
  }
  for (const kind of PLAIN) if (kind in given) return { kind, value: given[kind] }
  return { kind: 'field', field: String(given.field), op: String(given.op), value: given.value ?? null }
}

/** What the service is asked; conditions without a value are left out, and nothing at all asks for everything. */
export function writeWhere(root: GroupNode): Where | null {
  return write(root)
}

function write(node: Node): Where | null {
  if (node.kind === 'group') {
    const parts = node.parts.map(write).filter((part) => part !== null)
    if (parts.length === 0) return null
    const [first] = parts
    const inner = parts.length === 1 && first ? first : ({ [node.how]: parts } as Where)
    return node.not ? { not: inner } : inner
  }
  if (!isComplete(node)) return null
  if (node.kind !== 'field') return { [node.kind]: node.value } as Where
  return WITHOUT_VALUE.includes(node.op)
    ? { field: node.field, op: node.op }
    : { field: node.field, op: node.op, value: node.value }
}

/** Whether a condition says all it needs. */
export function isComplete(node: Node): boolean {
  if (node.kind === 'group') return node.parts.some(isComplete)
  if (node.kind === 'field' && WITHOUT_VALUE.includes(node.op)) return true
  const { value } = node
  if (node.kind === 'field' && node.op === 'between')
    return Array.isArray(value) && value.length === 2 && value.every((one) => one !== null && one !== '')
  if (Array.isArray(value)) return value.length > 0
  return value !== null && value !== undefined && value !== ''
}

/** A value that fits the operator, kept where it still makes sense. */
export function valueFor(op: string, old: unknown): unknown {
  if (WITHOUT_VALUE.includes(op)) return null
  const first = Array.isArray(old) ? (old[0] ?? null) : old
  if (op === 'between') return Array.isArray(old) && old.length === 2 ? old : [first, null]
  if (LISTS.includes(op)) return Array.isArray(old) ? old.filter((one) => one !== null) : first === null || first === '' ? [] : [first]
  return first ?? null
}

const USUAL: Record<string, string> = { text: 'contains', day: 'between', moment: 'within_days', code: 'in', age: 'ge' }

/** How a field is most often asked. */
export function usualOp({ kind, ops }: Pick<RegisterField, 'kind' | 'ops'>): string {
  const usual = USUAL[kind]
  return usual && ops.includes(usual) ? usual : (ops[0] ?? 'eq')
}

export function countConditions(node: Node): number {
  if (node.kind === 'group') return node.parts.reduce((sum, part) => sum + countConditions(part), 0)
  return isComplete(node) ? 1 : 0
}

/** A whole identity number or phone: asked, but never written into the address bar or a saved query. */
export function looksSealed(text: string): boolean {
  return /^\+?\d{7,17}[\dXx]$/.test(text.replace(/[\s-]/g, ''))
}

export function holdsSecret(node: Node, fields: readonly RegisterField[]): boolean {
  if (node.kind === 'group') return node.parts.some((part) => holdsSecret(part, fields))
  if (node.kind === 'text') return looksSealed(String(node.value ?? ''))
  return node.kind === 'field' && node.op === 'eq' && fields.some(({ key, kind }) => key === node.field && kind === 'sealed')
}

/** Two questions at once. */
export function both(one: Where | null, other: Where | null): Where | null {
  if (!one || !other) return one ?? other
  return { all: [one, other] }
}

export function fromAddress(text: unknown): Where | null {
  if (typeof text !== 'string' || !text) return null
  try {
    const given: unknown = JSON.parse(text)
    return typeof given === 'object' && given !== null ? (given as Where) : null
  } catch {
    return null
  }
}

/** The words of a code list; of `areas` their names. */
type Names = (list: string) => Readonly<Record<string, string>>

/** The question as one reads it aloud. */
export function inWords(node: Node, register: Register, names: Names): string {
  if (node.kind === 'group') {
    const parts = node.parts.filter(isComplete).map((part) => {
      const text = inWords(part, register, names)
      return part.kind === 'group' && part.parts.length > 1 && !part.not ? `（${text}）` : text
    })
    const joined = parts.join(node.how === 'all' ? words.and : words.or)
    return node.not ? words.notThese(joined) : joined
  }
  if (node.kind === 'field') {
    const field = register.fields.find(({ key }) => key === node.field)
    const list = field?.codes ? names(field.codes) : {}
    const said = (value: unknown) => list[String(value)] ?? (value === true ? words.yes : value === false ? words.no : String(value))
    const value = Array.isArray(node.value) ? node.value.map(said).join(node.op === 'between' ? ' – ' : '、') : said(node.value)
    return `${field?.label ?? node.field} ${words.ops[node.op] ?? node.op}${WITHOUT_VALUE.includes(node.op) ? '' : ` ${value}`}`
  }
  if (node.kind === 'near') return words.nearSaid((node.value as { metres: number }).metres)
  if (node.kind === 'inside') return words.insideSaid
  if (node.kind === 'fresh') return `${words.fresh}：${(node.value as string[]).map((one) => words.states[one] ?? one).join('、')}`
  return node.kind === 'text' ? `“${String(node.value)}”` : `${words.area} ${names('areas')[String(node.value)] ?? String(node.value)}`
}
