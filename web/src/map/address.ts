// The address bar keeps the view: whoever opens a copied link sees the same map.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Choices } from './layers'
import type { ThemeWish } from './theme'
import { readTheme, themeText } from './theme'

export interface Shared {
  lon: number
  lat: number
  zoom: number
  pitch: number
  bearing: number
}

export interface MapAddress {
  view: Shared | null
  area: string | null
  /** Layers that are not as the service says. */
  layers: Choices
  day: string | null
  theme: ThemeWish | null
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

export function readAddress(query: LocationQuery): MapAddress {
  const one = (name: string) => (typeof query[name] === 'string' ? (query[name] as string) : '')
  const layers = one('layers').split(',').filter((name) => /^[+-]?[a-z_]+$/.test(name))
  return {
    view: readView(one('at')),
    area: /^[0-9A-Za-z_-]{1,32}$/.test(one('area')) ? one('area') : null,
    layers: Object.fromEntries(layers.map((name) => [name.replace(/^[+-]/, ''), !name.startsWith('-')])),
    day: DAY.test(one('day')) && !Number.isNaN(Date.parse(one('day'))) ? one('day') : null,
    theme: readTheme(one('theme')),
  }
}

function readView(text: string): Shared | null {
  const [lon, lat, zoom, pitch = 0, bearing = 0] = text.split(',').map(Number)
  if (lon === undefined || lat === undefined || zoom === undefined) return null
  const known = [lon, lat, zoom, pitch, bearing].every(Number.isFinite)
  return known && Math.abs(lon) <= 180 && Math.abs(lat) <= 85 && zoom >= 0 && zoom <= 24 ? { lon, lat, zoom, pitch, bearing } : null
}

/** What the address says of it; what is as usual is left out, so that links stay short. */
export function addressQuery({ view, area, layers, day, theme }: MapAddress): LocationQueryRaw {
  const changed = Object.entries(layers).map(([name, on]) => (on ? name : `-${name}`))
  return {
    ...(view ? { at: viewText(view) } : {}),
    ...(area ? { area } : {}),
    ...(changed.length ? { layers: changed.sort().join(',') } : {}),
    ...(day ? { day } : {}),
    ...(theme ? { theme: themeText(theme) } : {}),
  }
}

function viewText({ lon, lat, zoom, pitch, bearing }: Shared): string {
  const place = [lon.toFixed(6), lat.toFixed(6), zoom.toFixed(2)]
  return [...place, ...(pitch || bearing ? [pitch.toFixed(0), bearing.toFixed(0)] : [])].join(',')
}
