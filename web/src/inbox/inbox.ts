// Messages to those who work in an area, as far as they reach me; asked again now and then while the page is seen.
import { computed, onBeforeUnmount, onMounted, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem } from '@/api/problem'
import { useAsked } from '@/shell/loaded'

export interface Message {
  id: number
  text: string
  made_by: string
  made_at: string
  area_name: string | null
  read: boolean
}

const EVERY_MS = 90_000

export function useInbox() {
  const items = shallowRef<Message[]>([])
  const asking = async () => (await answer<{ items: Message[] }>(client.GET('/api/messages/'))).items
  const { problem, load } = useAsked(asking, (found) => (items.value = found))
  const unread = computed(() => items.value.filter(({ read }) => !read).length)
  let timer = 0

  async function read(ids: readonly number[]): Promise<void> {
    if (!ids.length) return
    try {
      await answer(client.POST('/api/messages/read', { body: { ids: [...ids] } }))
      items.value = items.value.map((one) => (ids.includes(one.id) ? { ...one, read: true } : one))
      await load() // a list asked for before they were read, and answered late, no longer counts
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
  }

  const seen = () => document.visibilityState === 'visible' && void load()
  onMounted(() => {
    void load()
    timer = window.setInterval(seen, EVERY_MS)
    document.addEventListener('visibilitychange', seen)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', seen)
  })

  return { items, problem, unread, load, read }
}
