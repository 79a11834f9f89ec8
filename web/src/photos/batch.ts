// Many photos: each a line with whom it shows, as far as its name tells, and what became of it. Pure.

export interface Candidate {
  kind: string
  key: number
  who: string
  where: string | null
}

export type State = 'waiting' | 'sending' | 'kept' | 'refused'

export interface Line {
  id: number
  name: string
  read: () => Promise<Blob>
  candidates: Candidate[]
  chosen: Candidate | null
  state: State
  problem: string
}

export const MOST = 300
const PHOTO = /\.(jpe?g|png|webp)$/i

/** Photos by their names, without what Macs and hidden folders add. */
export function isPhoto(path: string): boolean {
  const parts = path.split('/')
  return PHOTO.test(path) && !parts.some((part) => part.startsWith('.') || part === '__MACOSX')
}

/** The last part of a path: folders tell nobody. */
export const baseName = (path: string) => path.split(/[\\/]/).at(-1) ?? path

/** One certain match is taken; several are left to choose from. */
export function settled(lines: readonly Line[], found: readonly { file: string; candidates: Candidate[] }[]): Line[] {
  return lines.map((line, at) => {
    const candidates = found[at]?.candidates ?? []
    return { ...line, candidates, chosen: candidates.length === 1 ? candidates[0]! : null }
  })
}

export const isReady = (line: Line) => Boolean(line.chosen) && line.state !== 'kept'

export function counted(lines: readonly Line[]) {
  const of = (state: State) => lines.filter((line) => line.state === state).length
  return { all: lines.length, chosen: lines.filter(({ chosen }) => chosen).length, ready: lines.filter(isReady).length, kept: of('kept'), refused: of('refused') }
}
