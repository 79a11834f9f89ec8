// Keeps the view in the address bar, and gives it back to whoever returns to the map from another page.
import { onBeforeUnmount } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router'
import { useSession } from '@/session/session'
import { addressQuery, readAddress, type MapAddress } from './address'

const PAUSE_MS = 350
let left: { user: number | undefined; query: LocationQueryRaw } | null = null

export function useSharing() {
  const route = useRoute()
  const router = useRouter()
  const session = useSession()
  let timer = 0
  let written = JSON.stringify(route.query)
  /** What was written and has not come back as the route yet: several may be on their way on a slow machine. */
  const mine = new Set([written])
  let leaving = false

  /** What the address says; coming back without one, what was left. */
  function first(): { address: MapAddress; given: boolean } {
    const kept = left?.user === session.user?.id ? left?.query : undefined
    const query = Object.keys(route.query).length ? route.query : ((kept ?? {}) as typeof route.query)
    return { address: readAddress(query), given: Object.keys(query).length > 0 }
  }

  function keep(address: MapAddress): void {
    clearTimeout(timer)
    timer = window.setTimeout(() => {
      const query = addressQuery(address)
      left = { user: session.user?.id, query }
      // a replace now would cancel the way to another page
      if (leaving || route.name !== 'map' || JSON.stringify(query) === written) return
      written = JSON.stringify(query)
      mine.add(written)
      void router.replace({ query })
    }, PAUSE_MS)
  }

  /** Whether the address was changed by somebody else: a link within the console, the back button. */
  function isForeign(): boolean {
    const now = JSON.stringify(route.query)
    if (route.name !== 'map' || Object.keys(route.query).length === 0) return false
    return !mine.delete(now) && now !== written
  }

  function taken(): void {
    written = JSON.stringify(route.query)
  }

  const stops = [
    router.beforeEach((to) => void (leaving = to.name !== 'map')),
    router.afterEach(() => void (leaving = false)),
  ]
  onBeforeUnmount(() => {
    clearTimeout(timer)
    for (const stop of stops) stop()
  })
  return { route, first, keep, isForeign, taken }
}
