// Of all who are responsible for a place, first those nearest to it: the people of its own grid.
import type { Located, Responsible } from '@/api/types'

export interface People {
  near: Responsible[]
  above: Responsible[]
}

/** Those of the place's own area, and those of the areas it lies in. Without any of its own, all are shown at once. */
export function peopleOf({ code, responsible }: Located): People {
  const near = responsible.filter((person) => person.area_code === code)
  if (near.length === 0) return { near: responsible, above: [] }
  return { near, above: responsible.filter((person) => person.area_code !== code) }
}
