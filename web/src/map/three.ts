// The three-dimensional view: buildings stand up by their floors, a picked one shows its storeys.
import type { Geometry } from 'geojson'
import { ref, type ShallowRef } from 'vue'
import { answer, client } from '@/api/client'
import type { Layer } from '@/api/types'
import { FLOOR_STYLES, floorSlabs } from './floors'
import type { MapOwner } from './owner'
import type { Pick } from './picks'

const HEIGHTS = 'building_heights'
const FLAT = 'buildings'
const OVERLAY = 'storeys'

export function useThree(owner: ShallowRef<MapOwner | null>, layers: Layer[], show: (name: string, on: boolean) => void) {
  const possible = layers.some(({ name }) => name === HEIGHTS)
  const on = ref(false)
  let asked = 0

  function toggle(): void {
    if (on.value) lie()
    else stand()
  }

  function stand(): void {
    on.value = true
    show(HEIGHTS, true)
    owner.value?.tilt(true)
  }

  function lie(): void {
    on.value = false
    show(HEIGHTS, false)
    owner.value?.take(OVERLAY)
    owner.value?.tilt(false)
  }

  /** A standing building is the same one as its footprint: one of the two is enough, the one with more to tell. */
  function merged(picks: Pick[]): Pick[] {
    const flat = new Set(picks.filter(({ layer }) => layer.name === FLAT).map(({ id }) => String(id)))
    return picks.filter(({ layer, id }) => layer.name !== HEIGHTS || !flat.has(String(id)))
  }

  /** The picked building storey by storey, from its whole footprint (tiles have it in pieces). */
  async function storeys(pick: Pick | null): Promise<void> {
    const mine = ++asked
    owner.value?.take(OVERLAY)
    if (!on.value || !pick || ![HEIGHTS, FLAT].includes(pick.layer.name)) return
    try {
      const path = { name: FLAT, key: String(pick.id) }
      const told = await answer<{ geometry: Geometry | null; properties: { floors_above?: number } }>(
        client.GET('/collections/{name}/items/{key}', { params: { path } }),
      )
      const slabs = floorSlabs(told.geometry, told.properties.floors_above ?? 1)
      if (mine === asked && on.value) owner.value?.put(OVERLAY, slabs, FLOOR_STYLES)
    } catch {
      // the building stands all the same
    }
  }

  return { possible, on, toggle, stand, merged, storeys }
}
