// What a feature tells the console: its pages and where they stand in the navigation. One `feature.ts` in the feature's folder.
import type { RouteRecordRaw } from 'vue-router'

declare module 'vue-router' {
  interface RouteMeta {
    /** Open without signing in. */
    open?: boolean
    /** Opens without a service, too, and asks to sign in by itself. */
    offline?: boolean
    /** Without header and navigation. */
    bare?: boolean
    /** One of these rights is needed; the service checks too. */
    rights?: string[]
    title?: string
  }
}

export interface Entry {
  to: string
  label: string
  /** Drawing of a 24 x 24 line icon (the d of its path). */
  icon: string
  order: number
  rights: string[]
  /** Stands in the bar at the foot of phones (at most four do); others are under "more". */
  phone?: boolean
  /** Stands nowhere else. */
  phoneOnly?: boolean
}

export interface Feature {
  routes: RouteRecordRaw[]
  entries?: Entry[]
}

const found = import.meta.glob<{ default: Feature }>('../*/feature.ts', { eager: true })

export const features: readonly Feature[] = Object.values(found).map(({ default: feature }) => feature)
export const entries: readonly Entry[] = features.flatMap((feature) => feature.entries ?? []).sort((a, b) => a.order - b.order)
