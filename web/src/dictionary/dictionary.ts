// Code tables of the service (code -> name), each fetched once when first needed.
import { defineStore } from 'pinia'
import { reactive } from 'vue'
import { answer, client } from '@/api/client'
import type { DictionaryList } from '@/api/types'

export type Names = Readonly<Record<string, string>>

export const useDictionary = defineStore('dictionary', () => {
  /** All names, also of what is retired: old rows still have it. */
  const lists = reactive<Record<string, Names>>({})
  /** What may be chosen now. */
  const choices = reactive<Record<string, Names>>({})
  const asked = new Set<string>()

  async function load(list: string): Promise<void> {
    if (asked.has(list)) return
    asked.add(list)
    try {
      const { entries } = await answer<DictionaryList>(
        client.GET('/api/dictionary/{list_name}', { params: { path: { list_name: list } } }),
      )
      lists[list] = Object.fromEntries(entries.map(({ code, name }) => [code, name]))
      choices[list] = Object.fromEntries(entries.filter(({ retired }) => !retired).map(({ code, name }) => [code, name]))
    } catch {
      asked.delete(list) // codes are shown as they are; the next place asks again
    }
  }

  return { lists, choices, load }
})
