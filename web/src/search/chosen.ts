// What was chosen in the search: the map shows it, whatever page one was on.
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Router } from 'vue-router'
import type { SearchItem } from '@/api/types'

export const useChosen = defineStore('chosen', () => {
  const item = shallowRef<SearchItem | null>(null)

  function choose(found: SearchItem, router: Router): void {
    item.value = { ...found }
    if (router.currentRoute.value.name !== 'map') void router.push({ name: 'map' })
  }

  return { item, choose }
})
