// One building on the drawing desk: footprint, units with their entrances; what is drawn is saved by a button and can be undone.
import { computed, ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'
import { netOf, polygonsOf, type Net, type Polygons } from '@/plans/topology'
import { flatArea, type Position } from '@/plans/plane'

export const FOOTPRINT = 'footprint'
type Point = { type: 'Point'; coordinates: Position }
type Footprint = { type: 'MultiPolygon'; coordinates: Polygons }
type Json = Record<string, never>

export interface Building {
  id: number
  code: string
  name: string | null
  floors_above: number | null
  area_code: string | null
  point: Point | null
  footprint: Footprint | null
  version: number
}

export interface Unit {
  id: number
  name: string
  area_code: string | null
  point: Point | null
  version: number
}

/** Square metres of a footprint's outer rings. */
export function areaOf(polygons: Polygons): number {
  const lat = polygons[0]?.[0]?.[0]?.[1] ?? 0
  return polygons.reduce((sum, [outer]) => sum + flatArea(outer!), 0) * 111_320 * 110_950 * Math.cos((lat * Math.PI) / 180)
}

export function useBuilding(id: number | null) {
  const building = shallowRef<Building | null>(null)
  const units = shallowRef<Unit[]>([])
  const net = shallowRef<Net | null>(null)
  const isChanged = ref(false)
  const busy = ref(false)
  const problem = ref<Problem | null>(null)
  const refused = ref('')
  const before = shallowRef<(() => Promise<void>) | null>(null) // takes the last save back
  const polygons = computed(() => (net.value ? polygonsOf(net.value, FOOTPRINT) : []))

  async function load(): Promise<void> {
    if (id === null) return
    problem.value = null
    try {
      const params = { path: { key: id } }
      const [found, page] = await Promise.all([
        answer<Building>(client.GET('/api/buildings/{key}', { params })),
        answer<{ items: Unit[] }>(client.GET('/api/units/', { params: { query: { building_id: id, limit: 200, sort: 'position' } } })),
      ])
      building.value = found
      units.value = page.items
      putBack()
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
  }

  /** The footprint as it is stored. */
  function putBack(): void {
    const stored = building.value?.footprint
    net.value = stored ? netOf([{ code: FOOTPRINT, polygons: stored.coordinates }]) : null
    isChanged.value = false
    refused.value = ''
  }

  function draw(rings: Position[][]): void {
    net.value = netOf([{ code: FOOTPRINT, polygons: [rings] }])
    isChanged.value = true
  }

  async function attempt(act: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    refused.value = ''
    try {
      await act()
      return true
    } catch (thrown) {
      refused.value = asProblem(thrown).detail
      return false
    } finally {
      busy.value = false
    }
  }

  const shape = (): Json => ({ type: 'MultiPolygon', coordinates: polygons.value }) as unknown as Json

  async function keep(footprint: Json | null): Promise<void> {
    const params = { path: { key: id! }, header: { 'If-Match': `"${building.value!.version}"` } }
    building.value = await answer<Building>(client.PATCH('/api/buildings/{key}', { params, body: { footprint } }))
    putBack()
  }

  const save = () =>
    attempt(async () => {
      const was = building.value!.footprint as Json | null
      await keep(shape())
      before.value = () => keep(was)
    })

  /** A new building; answers its number, or null where it was refused. */
  async function create(given: { code: string; name?: string; floors_above?: number }): Promise<number | null> {
    let made: Building | null = null
    await attempt(async () => {
      made = await answer<Building>(client.POST('/api/buildings/', { body: { ...given, footprint: shape() } }))
      isChanged.value = false
    })
    return (made as Building | null)?.id ?? null
  }

  async function keepEntrance(unit: Unit, point: Point | null): Promise<void> {
    const now = units.value.find((one) => one.id === unit.id)!
    const params = { path: { key: now.id }, header: { 'If-Match': `"${now.version}"` } }
    const made = await answer<Unit>(client.PATCH('/api/units/{key}', { params, body: { point: point as unknown as Json } }))
    units.value = units.value.map((one) => (one.id === made.id ? made : one))
  }

  const place = (unit: Unit, coordinates: Position) =>
    attempt(async () => {
      const was = units.value.find((one) => one.id === unit.id)!.point
      await keepEntrance(unit, { type: 'Point', coordinates })
      before.value = () => keepEntrance(unit, was)
    })

  const addUnit = (name: string) =>
    attempt(async () => {
      const body = { building_id: id!, name, position: units.value.length + 1 }
      units.value = [...units.value, await answer<Unit>(client.POST('/api/units/', { body }))]
    })

  const undo = () =>
    attempt(async () => {
      await before.value?.()
      before.value = null
    })

  return { building, units, net, polygons, isChanged, busy, problem, refused, before, load, putBack, draw, save, create, place, addUnit, undo }
}

export type Drawn = ReturnType<typeof useBuilding>
