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
      if (route.name !== 'map' || JSON.stringify(query) === written) return
      written = JSON.stringify(query)
      void router.replace({ query })
    }, PAUSE_MS)
  }

  /** Whether the address was changed by somebody else: a link within the console, the back button. */
  function isForeign(): boolean {
    return route.name === 'map' && Object.keys(route.query).length > 0 && JSON.stringify(route.query) !== written
  }

  function taken(): void {
    written = JSON.stringify(route.query)
  }

  onBeforeUnmount(() => clearTimeout(timer))
  return { route, first, keep, isForeign, taken }
}
