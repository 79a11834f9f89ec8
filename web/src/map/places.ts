// Where to look for a found place, which layers may show it, and which page is its own.
import type { Bounds, Layer, SearchItem } from '@/api/types'

const LAYERS_OF: Record<string, string[]> = {
  area: ['grids', 'communities', 'streets', 'districts'],
  estate: ['estates'],
  building: ['buildings'],
  room: ['buildings'],
  resident: ['buildings'],
  premises: ['premises'],
  event: ['events'],
  coordinate: [],
}

export interface View {
  center: [number, number]
  zoom: number
  bounds: Bounds | null
}

/** Areas and estates are fitted into the window, all others are shown from near; nothing for what has no place yet. */
export function viewOf({ kind, lon, lat, bounds }: SearchItem): View | null {
  if (lon === null || lat === null) return null
  const wide = kind === 'area' || kind === 'estate'
  return { center: [lon, lat], zoom: wide ? 16 : 18, bounds: wide && bounds ? bounds : null }
}

/** The layers in which the found thing may be drawn; none when this user's layers do not contain it. */
export function layersOf(item: SearchItem, layers: Layer[]): Layer[] {
  const names = LAYERS_OF[item.kind] ?? [item.kind]
  return names.flatMap((name) => layers.filter((layer) => layer.name === name))
}

/** What is lit: rooms and people are inside a building. */
export function litId({ kind, id, building_id }: SearchItem): number | string {
  return (kind === 'room' || kind === 'resident') && building_id ? building_id : id
}

/** The page of a thing in this console; null where it has none. */
export function pageOf(kind: string, id: number | string, building: number | null = null, room: number | null = null): string | null {
  switch (kind) {
    case 'building':
    case 'buildings':
    case 'building_heights':
      return `/buildings/${id}`
    case 'room':
      return building ? `/buildings/${building}?room=${id}` : null
    case 'resident':
      return building ? `/buildings/${building}${room ? `?room=${room}` : ''}` : null
    default:
      return null
  }
}

/** The registers in which single rows are shown, by the kind search gives or the layer a click hit. */
const REGISTER_OF: Record<string, string> = {
  area: 'areas',
  districts: 'areas',
  streets: 'areas',
  communities: 'areas',
  grids: 'areas',
  estate: 'estates',
  estates: 'estates',
  building: 'buildings',
  buildings: 'buildings',
  building_heights: 'buildings',
  units: 'units',
  room: 'rooms',
  rooms: 'rooms',
  premises: 'premises',
  resident: 'residents',
  households: 'households',
  event: 'events',
  events: 'events',
}

export function rowOf(kind: string, id: number | string): string | null {
  const register = REGISTER_OF[kind]
  return register ? `/registers/${register}?row=${encodeURIComponent(id)}` : null
}
