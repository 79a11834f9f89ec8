// What was chosen in the search: the map shows it, whatever page one was on.
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Router } from 'vue-router'
import type { SearchItem } from '@/api/types'
import { pageOf } from '@/map/places'

export const useChosen = defineStore('chosen', () => {
  const item = shallowRef<SearchItem | null>(null)

  /** The row one points at in the list: its place glows on the map. */
  const hovered = shallowRef<SearchItem | null>(null)

  function choose(found: SearchItem, router: Router): void {
    hovered.value = null
    const page = found.lon === null ? pageOf(found.kind, found.id, found.building_id, found.room_id) : null
    if (page) return void router.push(page) // without a place there is nothing to show on the map
    item.value = { ...found }
    if (router.currentRoute.value.name !== 'map') void router.push({ name: 'map' })
  }

  return { item, hovered, choose }
})
