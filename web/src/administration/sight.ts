// Colours as people with weak colour vision see them (Machado, Oliveira, Fernandes 2009, full severity), and how far apart they look (CIEDE76 in CIELAB).
import type { Look } from './colours'

export const SIGHTS = ['usual', 'protan', 'deutan', 'tritan', 'grey'] as const
export type Sight = (typeof SIGHTS)[number]
type Triple = readonly [number, number, number]

const SEEN: Record<Exclude<Sight, 'usual'>, readonly Triple[]> = {
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
  grey: [
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
  ],
}

const toLinear = (part: number) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
const toPart = (linear: number) => (linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055)
const dot = (row: Triple, [r, g, b]: Triple) => row[0] * r + row[1] * g + row[2] * b

function linear(color: string): Triple {
  const part = (at: number) => toLinear(parseInt(color.slice(at, at + 2), 16) / 255)
  return [part(1), part(3), part(5)]
}

function seenLinear(color: string, sight: Sight): Triple {
  const given = linear(color)
  if (sight === 'usual') return given
  const [r, g, b] = SEEN[sight].map((row) => Math.min(1, Math.max(0, dot(row, given)))) as [number, number, number]
  return [r, g, b]
}

/** #rrggbb as it looks to somebody of this sight. */
export function seenAs(color: string, sight: Sight): string {
  const parts = seenLinear(color, sight).map((each) => Math.round(toPart(each) * 255).toString(16).padStart(2, '0'))
  return `#${parts.join('')}`
}

function lab(color: string, sight: Sight): Triple {
  const [r, g, b] = seenLinear(color, sight)
  const xyz = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
  ]
  const [x, y, z] = xyz.map((each) => (each > 216 / 24389 ? Math.cbrt(each) : (24389 / 27) * (each / 116) + 16 / 116)) as [number, number, number]
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

/** How different two colours look: below 10 one has to look twice. */
export function difference(one: string, other: string, sight: Sight): number {
  const [a, b] = [lab(one, sight), lab(other, sight)]
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

/** The contrast of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [dark, light] = [one, other].map((color) => dot([0.2126, 0.7152, 0.0722], linear(color))).sort((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

export const LEAST_DIFFERENCE = 10
export const LEAST_CONTRAST = 4.5

export interface Doubt {
  kind: 'lost' | 'alike' | 'dark'
  one: Look
  other?: Look
  sight: Sight
}

/**
 * What is hard to read or to tell apart. `lost`: colour, pattern and mark all alike; `alike`: only the colour, the sign still differs.
 * Each pair is told once, for the first sight that has trouble.
 */
export function doubts(looks: readonly Look[], ink: string): Doubt[] {
  const dark = looks.filter(({ color }) => contrast(color, ink) < LEAST_CONTRAST).map((one): Doubt => ({ kind: 'dark', one, sight: 'usual' }))
  const pairs = looks.flatMap((one, at) => looks.slice(at + 1).flatMap((other) => doubtOf(one, other) ?? []))
  return [...dark, ...pairs].sort((a, b) => RANK[a.kind] - RANK[b.kind])
}

const RANK = { dark: 0, lost: 1, alike: 2 }

function doubtOf(one: Look, other: Look): Doubt | null {
  const sight = SIGHTS.find((each) => difference(one.color, other.color, each) < LEAST_DIFFERENCE)
  if (!sight || one.pattern !== other.pattern) return null
  return { kind: one.mark === other.mark ? 'lost' : 'alike', one, other, sight }
}
