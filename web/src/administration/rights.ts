// Rights by what they are about: the word before the dot of their code.
export interface RightGroup {
  name: string
  rights: [right: string, label: string][]
}

export function grouped(rights: Record<string, string>): RightGroup[] {
  const groups = new Map<string, RightGroup>()
  for (const [right, label] of Object.entries(rights)) {
    const name = right.split('.')[0] ?? right
    const group = groups.get(name) ?? { name, rights: [] }
    group.rights.push([right, label])
    groups.set(name, group)
  }
  return [...groups.values()]
}
