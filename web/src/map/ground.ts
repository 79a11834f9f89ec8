// What the page needs before there is a map: the user's bounds and layers, or the reason why there is none.
import { ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import type { Problem } from '@/api/problem'
import type { Layer, MapInfo } from '@/api/types'
import { basemapBelow, NONE } from './basemap'
import type { Below } from './style'
import { words } from './words'

export interface Ground {
  info: MapInfo
  layers: Layer[]
  /** The configured base map. */
  below: Below
}

export interface Reason {
  title: string
  hint: string
  retry: boolean
}

/** Why there is nothing to draw, or null. */
export function emptyReason({ info, layers }: Omit<Ground, 'below'>): Reason | null {
  if (layers.length === 0) return { title: words.map.noLayers, hint: words.map.noRightHint, retry: true }
  if (!info.bounds) return { title: words.map.noArea, hint: words.map.noAreaHint, retry: true }
  return null
}

export function failureReason(problem: Problem): Reason {
  if (problem.status === 403) return { title: words.map.noRight, hint: words.map.noRightHint, retry: false }
  return { title: words.map.failed, hint: problem.detail, retry: true }
}

export async function askGround(): Promise<Ground> {
  const [info, { layers }] = await Promise.all([
    answer<MapInfo>(client.GET('/api/map')),
    answer<{ layers: Layer[] }>(client.GET('/api/layers')),
  ])
  return { info, layers, below: emptyReason({ info, layers }) ? NONE : await basemapBelow(info.basemap) }
}

export function useGround() {
  const ground = shallowRef<Ground | null>(null)
  const reason = ref<Reason | null>(null)

  /** `begun`: it may have been asked for before there was a page to show it. */
  async function load(begun?: Promise<Ground> | null): Promise<void> {
    ground.value = null
    reason.value = null
    try {
      const found = await (begun ?? askGround())
      reason.value = emptyReason(found)
      if (!reason.value) ground.value = found
    } catch (thrown) {
      reason.value = failureReason(thrown as Problem)
    }
  }

  return { ground, reason, load }
}
