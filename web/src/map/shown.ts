// The place the card is about: what was clicked or found there, which of several is chosen, who is responsible.
import { computed, shallowRef, type ShallowRef } from 'vue'
import { useRouter } from 'vue-router'
import type { Layer, SearchItem } from '@/api/types'
import { words as searchWords } from '@/search/words'
import { useLocate } from '@/locate/locate'
import type { MapOwner, Place } from './owner'
import type { Pick } from './picks'
import { layersOf, litId, pageOf, rowOf } from './places'

export interface Shown {
  place: Place
  picks: Pick[]
  chosen: number
  heading?: string
  subtitle?: string | null
  kind?: string
  /** What the search found, when it was found that way. */
  item?: SearchItem
}

export function useShown(owner: ShallowRef<MapOwner | null>, layers: () => Layer[]) {
  const router = useRouter()
  const shown = shallowRef<Shown | null>(null)
  const { located, problem, busy, ask } = useLocate()

  const links = computed(() => {
    const now = shown.value
    const item = now?.item
    const pick = now?.picks[now.chosen]
    const page = item ? pageOf(item.kind, item.id, item.building_id, item.room_id) : pick ? pageOf(pick.layer.name, pick.id) : null
    const row = item ? rowOf(item.kind, item.id) : pick ? rowOf(pick.layer.name, pick.id) : null
    return { page, row: row && router.resolve(row).name !== 'not-found' ? row : null }
  })

  function open(next: Shown): void {
    shown.value = next
    owner.value?.mark(next.place)
    void ask(next.place.lon, next.place.lat)
    light()
  }

  function light(): void {
    const pick = shown.value?.picks[shown.value.chosen]
    if (pick) owner.value?.highlight([pick.layer], pick.id)
  }

  function choose(index: number): void {
    if (!shown.value) return
    const { place, picks } = shown.value
    shown.value = { place, picks, chosen: index }
    light()
  }

  /** What the search found; its values come with the tiles. */
  async function openFound(item: SearchItem, place: Place): Promise<void> {
    const among = layersOf(item, layers())
    const first: Shown = { place, picks: [], chosen: 0, heading: item.title, subtitle: item.subtitle, kind: searchWords.kinds[item.kind], item }
    open(first)
    if (among.length === 0) return owner.value?.clear(false)
    owner.value?.highlight(among, litId(item))
    const pick = await owner.value?.valuesOf(among, litId(item))
    if (pick && shown.value?.place === place) shown.value = { ...first, picks: [pick] }
  }

  function dismiss(): void {
    shown.value = null
    owner.value?.clear()
  }

  return { shown, links, located, problem, busy, ask, open, choose, openFound, dismiss }
}
