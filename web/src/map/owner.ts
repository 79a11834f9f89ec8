// The map's one owner: nobody else touches MapLibre. Verbs in, picks and states out.
import 'maplibre-gl/dist/maplibre-gl.css'
import './map.css'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import type { GeoJSON } from 'geojson'
import { Map as MapLibre, Marker, prewarm, ScaleControl, setWorkerUrl, type GeoJSONSource, type LayerSpecification, type MapGeoJSONFeature, type Point, type VectorTileSource } from 'maplibre-gl'
import type { Bounds, Layer, StyleObject } from '@/api/types'
import { wrapLongitude } from './coordinates'
import { EDGE, offsetOf, type Margins } from './margins'
import { picksFrom, type Found, type Pick } from './picks'
import type { View } from './places'
import type { Shared } from './address'
import { alwaysStands, assembleStyle, highlightLayers, isDeclared, ownerOf, pickableDrawn, sourceOf, sources, type Below } from './style'
import { words } from './words'

setWorkerUrl(workerUrl)
prewarm() // starts before the layers are known; maps opened later find it running

export interface Place {
  lon: number
  lat: number
}

export interface Listener {
  picked(place: Place, picks: Pick[]): void
  pointed(place: Place): void
  zoomed(zoom: number): void
  /** The map stands still again. */
  moved?(view: StillView): void
  /** A tile request failed with this HTTP status (0: nobody answered). */
  failed(status: number): void
}

export interface StillView {
  center: Place
  zoom: number
  bounds: Bounds
  /** Degrees the map is tilted and turned. */
  pitch: number
  bearing: number
}

export interface Beginning {
  /** Where a shared link points; else the bounds are shown. */
  view?: Shared | null
  /** The day of dated layers; today without one. */
  day?: string | null
  /** What lies below our own layers. */
  below?: Below
}

/** A pin of the page's own; draggable pins tell where they were let go. */
export interface Pin {
  move(place: Place): void
  remove(): void
}

export interface PinLook {
  color?: string
  /** Read aloud and shown when hovered. */
  label?: string
  /** Called while dragging (done false) and when let go (done true). */
  dragged?(place: Place, done: boolean): void
}

export interface MapOwner {
  /** Draws the page's own data (an overlay), or what it is now; styles are given the first time and count from below. */
  put(name: string, data: GeoJSON, styles?: StyleObject[]): void
  take(name: string): void
  /** The source of an overlay, for a dress. */
  sourceOf(name: string): string
  /** What of an overlay lies under a place on the screen. */
  overlayAt(name: string, place: Place): Record<string, unknown> | null
  pin(place: Place, look?: PinLook): Pin
  /** Further looks of the declared tiles, below buildings and names; the same name again replaces them, nothing takes them away. */
  dress(name: string, styles: LayerSpecification[]): void
  /** What of a dress lies under a place. */
  dressedAt(name: string, place: Place): Record<string, unknown> | null
  /** Copies the map as it stands onto a canvas that can be printed. */
  paint(onto: HTMLCanvasElement): void
  /** Shows dated layers as of a day. */
  on(day: string | null): void
  /** The view from above, or tilted so that buildings stand up; then the map can be turned. */
  tilt(steep: boolean): void
  jump(view: Shared): void
  /** A ring that glows where something listed elsewhere lies. */
  glow(place: Place | null): void
  view(): StillView
  /** MapLibre itself, for the drawing tools only. */
  readonly library: MapLibre
  /** Which declared layers are drawn; those that wait only from a zoom on. */
  show(visible: ReadonlySet<string>, waiting?: ReadonlySet<string>, from?: number): void
  highlight(layers: Layer[], id: number | string): void
  mark(place: Place | null): void
  /** Nothing is lit any more, and (unless told) the pin is taken away. */
  clear(pin?: boolean): void
  fly(view: View, margins: Margins): void
  fit(bounds: Bounds, margins: Margins, animate: boolean): void
  /** Moves the map only if the place is hidden under what covers the margins. */
  reveal(place: Place, margins: Margins): void
  /** What the tiles say about one thing, once they are there. */
  valuesOf(layers: Layer[], id: number | string): Promise<Pick | null>
  zoomBy(steps: number): void
  /** North is up again; what is tilted stays tilted. */
  turnNorth(): void
  close(): void
}

const TOLERANCE_PX = 6
const TOUCH_TOLERANCE_PX = 14
const touch = window.matchMedia('(pointer: coarse)').matches

export function openMap(
  container: HTMLElement,
  layers: Layer[],
  visible: ReadonlySet<string>,
  bounds: Bounds,
  margins: Margins,
  listener: Listener,
  { view = null, day: firstDay = null, below }: Beginning = {},
): MapOwner {
  const style = assembleStyle(layers, visible, location.origin, { day: firstDay, below })
  const declared = style.layers.filter(({ id }) => isDeclared(id))
  const map = new MapLibre({
    container,
    style,
    bounds,
    fitBoundsOptions: { padding: margins },
    maxZoom: 21,
    minZoom: 8,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 120,
    locale: { 'Map.Title': words.map.region, 'ScaleControl.Meters': words.map.scale.metres, 'ScaleControl.Kilometers': words.map.scale.kilometres },
  })
  map.touchZoomRotate.disableRotation()
  map.addControl(new ScaleControl({ maxWidth: 110 }), 'bottom-left')
  Object.assign(container, { map }) // for the browser tests, which ask it what it has drawn
  const marker = new Marker({ color: '#d9480f' })
  const halo = document.createElement('span')
  halo.className = 'glow-pin'
  const glowing = new Marker({ element: halo })
  if (view) map.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom, pitch: view.pitch, bearing: view.bearing })

  let begun = false // what was asked for before the style was there is done first, in its order
  map.once('style.load', () => (begun = true))
  map.on('idle', () => (container.dataset.state = 'idle'))
  map.on('moveend', () => listener.moved?.(still()))
  map.on('movestart', () => (container.dataset.state = 'busy'))
  map.on('dataloading', () => (container.dataset.state = 'busy'))
  map.on('zoom', () => listener.zoomed(map.getZoom()))
  map.on('mousemove', ({ lngLat }) => listener.pointed({ lon: wrapLongitude(lngLat.lng), lat: lngLat.lat }))
  map.on('move', () => touch && listener.pointed(centre()))
  map.on('click', ({ point }) => pick(point))
  map.on('error', ({ error }) => {
    console.warn(error.message) // a wrong style object in a layer file is found here
    listener.failed(statusOf(error))
  })
  map.getCanvas().setAttribute('aria-describedby', 'map-help')
  map.getCanvas().addEventListener('keydown', (event) => {
    if (event.key === 'Enter') pick(map.project(map.getCenter()))
  })
  map.once('load', () => {
    listener.zoomed(map.getZoom())
    listener.pointed(centre())
  })

  function centre(): Place {
    const { lng, lat } = map.getCenter()
    return { lon: wrapLongitude(lng), lat }
  }

  function still(): StillView {
    const box = map.getBounds()
    return { center: centre(), zoom: map.getZoom(), bounds: [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()], pitch: map.getPitch(), bearing: map.getBearing() }
  }

  function pick(point: Point): void {
    const { lng, lat } = map.unproject(point)
    listener.picked({ lon: wrapLongitude(lng), lat }, picksFrom(near(point), layers))
  }

  /** Points and lines count when near, areas only when hit. */
  function near(point: Point): Found[] {
    const by = touch ? TOUCH_TOLERANCE_PX : TOLERANCE_PX
    const query = { layers: pickableDrawn(map.getStyle().layers) }
    const box: [[number, number], [number, number]] = [
      [point.x - by, point.y - by],
      [point.x + by, point.y + by],
    ]
    const around = map.queryRenderedFeatures(box, query).filter(({ geometry }) => !geometry.type.endsWith('Polygon'))
    const hits = [...around, ...map.queryRenderedFeatures(point, query)]
    return hits.filter(({ properties }) => !('count' in properties)).map((feature) => found(feature, point)) // squares of many are nobody
  }

  function found(feature: MapGeoJSONFeature, point: Point): Found {
    const { geometry, properties } = feature
    const at = geometry.type === 'Point' ? map.project(geometry.coordinates as [number, number]) : point
    return {
      layer: ownerOf(feature.layer.id),
      id: (properties.id as number | string | undefined) ?? feature.id ?? '',
      geometry: geometry.type,
      values: properties,
      distance: Math.hypot(at.x - point.x, at.y - point.y),
    }
  }

  function unlight(): void {
    for (const { id } of map.getStyle().layers) if (id.startsWith('lit-')) map.removeLayer(id)
  }

  function whenReady(act: () => void): void {
    if (begun) act()
    else map.once('style.load', act)
  }

  return {
    library: map,
    view: still,
    put(name, data, styles = []) {
      whenReady(() => {
        const source = map.getSource<GeoJSONSource>(own(name))
        if (source) return void source.setData(data)
        map.addSource(own(name), { type: 'geojson', data, promoteId: 'id' })
        const standing = style.layers.find(alwaysStands)?.id
        styles.forEach((look, n) => map.addLayer({ ...look, id: `${own(name)}-${n}`, source: own(name) } as LayerSpecification, standing))
      })
    },
    take(name) {
      whenReady(() => {
        for (const { id } of map.getStyle().layers) if (id.startsWith(`${own(name)}-`)) map.removeLayer(id)
        if (map.getSource(own(name))) map.removeSource(own(name))
      })
    },
    sourceOf: own,
    overlayAt(name, { lon, lat }) {
      const by = touch ? TOUCH_TOLERANCE_PX : TOLERANCE_PX
      const { x, y } = map.project([lon, lat])
      const among = map.getStyle().layers.filter(({ id }) => id.startsWith(`${own(name)}-`))
      const box: [[number, number], [number, number]] = [[x - by, y - by], [x + by, y + by]]
      return map.queryRenderedFeatures(box, { layers: among.map(({ id }) => id) })[0]?.properties ?? null
    },
    pin(place, { color = '#d9480f', label = '', dragged } = {}) {
      const made = new Marker({ color, draggable: Boolean(dragged) }).setLngLat([place.lon, place.lat]).addTo(map)
      if (label) Object.assign(made.getElement(), { title: label, ariaLabel: label })
      const tell = (done: boolean) => () => {
        const { lng, lat } = made.getLngLat()
        dragged?.({ lon: wrapLongitude(lng), lat }, done)
      }
      made.on('drag', tell(false))
      made.on('dragend', tell(true))
      return { move: ({ lon, lat }) => void made.setLngLat([lon, lat]), remove: () => void made.remove() }
    },
    dress(name, styles) {
      whenReady(() => {
        const prefix = `dress-${name}-`
        const known = map.getStyle().layers
        for (const { id } of known) if (id.startsWith(prefix)) map.removeLayer(id)
        const above = known.find(({ id, type }) => id.startsWith('buildings/') || type === 'symbol')?.id
        for (const style of styles) map.addLayer({ ...style, id: `${prefix}${style.id}` } as LayerSpecification, above)
      })
    },
    dressedAt(name, { lon, lat }) {
      const among = map.getStyle().layers.filter(({ id, type }) => id.startsWith(`dress-${name}-`) && type === 'fill')
      return map.queryRenderedFeatures(map.project([lon, lat]), { layers: among.map(({ id }) => id) })[0]?.properties ?? null
    },
    paint(onto) {
      map.redraw() // what WebGL drew is only there until the browser shows it
      const { width, height } = map.getCanvas()
      Object.assign(onto, { width, height })
      onto.getContext('2d')?.drawImage(map.getCanvas(), 0, 0)
    },
    on(day) {
      whenReady(() => {
        for (const [id, { tiles }] of Object.entries(sources(layers, location.origin, day))) {
          const source = map.getSource<VectorTileSource>(id)
          if (source && tiles && source.tiles[0] !== tiles[0]) source.setTiles(tiles)
        }
      })
    },
    tilt(steep) {
      if (steep) {
        map.dragRotate.enable()
        map.touchZoomRotate.enableRotation()
        map.touchPitch.enable()
        map.easeTo({ pitch: Math.max(map.getPitch(), 55), zoom: Math.max(map.getZoom(), 16), duration: 900 })
      } else {
        map.dragRotate.disable()
        map.touchZoomRotate.disableRotation()
        map.touchPitch.disable()
        map.easeTo({ pitch: 0, bearing: 0, duration: 700 })
      }
    },
    jump({ lon, lat, zoom, pitch, bearing }) {
      map.jumpTo({ center: [lon, lat], zoom, pitch, bearing })
    },
    glow(place) {
      if (place) glowing.setLngLat([place.lon, place.lat]).addTo(map)
      else glowing.remove()
    },
    show(names, waiting = new Set(), from = 0) {
      whenReady(() => {
        for (const { id, minzoom = 0, maxzoom = 24 } of declared) {
          map.setLayoutProperty(id, 'visibility', names.has(ownerOf(id)) ? 'visible' : 'none')
          if (waiting.has(ownerOf(id))) map.setLayerZoomRange(id, Math.max(minzoom, from), Math.max(maxzoom, from))
          else map.setLayerZoomRange(id, minzoom, maxzoom)
        }
      })
    },
    highlight(among, id) {
      whenReady(() => {
        unlight()
        const firstName = map.getStyle().layers.find(({ type }) => type === 'symbol')?.id
        for (const lit of highlightLayers(among, id)) map.addLayer(lit, firstName)
      })
    },
    mark(place) {
      if (place) marker.setLngLat([place.lon, place.lat]).addTo(map)
      else marker.remove()
    },
    clear(withPin = true) {
      whenReady(unlight)
      if (withPin) marker.remove()
    },
    fly({ center, zoom, bounds: box }, padding) {
      if (box) map.fitBounds(box, { padding, maxZoom: 18, duration: 1200 })
      else map.flyTo({ center, zoom: Math.max(zoom, map.getZoom()), offset: offsetOf(padding), duration: 1200 })
    },
    reveal(place, padding) {
      const at = map.project([place.lon, place.lat])
      const { clientWidth, clientHeight } = container
      const free = at.x > padding.left - EDGE && at.x < clientWidth - padding.right + EDGE
      if (free && at.y < clientHeight - padding.bottom) return
      map.easeTo({ center: [place.lon, place.lat], offset: offsetOf(padding), duration: 500 })
    },
    fit(box, padding, animate) {
      map.fitBounds(box, { padding, duration: animate ? 900 : 0 })
    },
    async valuesOf(among, id) {
      await new Promise((done) => map.once('idle', done))
      for (const layer of among) {
        const [hit] = map.querySourceFeatures(sourceOf(layer), {
          sourceLayer: layer.name,
          filter: ['==', ['to-string', ['get', 'id']], String(id)],
        })
        if (hit) return { layer, id, values: hit.properties }
      }
      return null
    },
    zoomBy(steps) {
      map.zoomTo(map.getZoom() + steps)
    },
    turnNorth() {
      map.resetNorth()
    },
    close() {
      map.remove()
    },
  }
}

/** Sources and layers of overlays are named apart from the declared ones. */
function own(name: string): string {
  return `own-${name}`
}

function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status
  return typeof status === 'number' ? status : 0
}
