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
  const asked = new Map<string, Promise<void>>()

  /** Whoever needs the names waits for them, also when somebody else has asked. */
  function load(list: string): Promise<void> {
    const now = asked.get(list) ?? fetchList(list)
    asked.set(list, now)
    return now
  }

  async function fetchList(list: string): Promise<void> {
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
