// terra-draw for lines and polygons: input only; what is drawn is handed over and applied by the service.
import type { Map as MapLibre } from 'maplibre-gl'
import { TerraDraw, TerraDrawLineStringMode, TerraDrawPolygonMode } from 'terra-draw'
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter'
import type { Position } from './plane'

export type Drawn = { type: 'LineString'; coordinates: Position[] } | { type: 'Polygon'; coordinates: Position[][] }

export interface Sketch {
  begin(what: 'linestring' | 'polygon'): void
  /** Takes what is drawn off the map and ends drawing. */
  clear(): void
  close(): void
}

const COLOR = '#c2255c'
/** The first click of the double click that ends a figure ends it already: the second must not zoom the map. */
const DOUBLE_CLICK_MS = 500

export function openSketch(
  map: MapLibre,
  snap: (place: Position) => Position | null,
  on: { changed(figure: Drawn | null): void; finished(figure: Drawn): void },
): Sketch {
  const snapping = {
    toCustom: ({ lng, lat }: { lng: number; lat: number }) => {
      const at = snap([lng, lat])
      return at ? [Number(at[0].toFixed(9)), Number(at[1].toFixed(9))] : undefined
    },
  }
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 9 }),
    modes: [
      new TerraDrawLineStringMode({ snapping, pointerDistance: 14, styles: { lineStringColor: COLOR, lineStringWidth: 4, closingPointColor: COLOR, snappingPointColor: '#16a34a', snappingPointWidth: 8 } }),
      new TerraDrawPolygonMode({ snapping, pointerDistance: 14, styles: { fillColor: COLOR, fillOpacity: 0.15, outlineColor: COLOR, outlineWidth: 3, closingPointColor: COLOR, snappingPointColor: '#16a34a', snappingPointWidth: 8 } }),
    ],
  })
  draw.start()
  const figureOf = () =>
    (draw.getSnapshot().find(({ geometry, properties }) => geometry.type !== 'Point' && ['linestring', 'polygon'].includes(String(properties.mode)))?.geometry ?? null) as Drawn | null
  let later = 0
  const rest = () => {
    draw.setMode('static')
    map.doubleClickZoom.disable() // which leaving the mode has just enabled
    clearTimeout(later)
    later = window.setTimeout(() => map.doubleClickZoom.enable(), DOUBLE_CLICK_MS)
  }
  draw.on('change', () => on.changed(figureOf()))
  draw.on('finish', () => {
    const figure = figureOf()
    rest()
    if (figure) on.finished(figure)
  })
  return {
    begin(what) {
      draw.clear()
      draw.setMode(what)
      clearTimeout(later)
      map.doubleClickZoom.disable()
    },
    clear() {
      rest()
      draw.clear()
    },
    close() {
      clearTimeout(later)
      if (draw.enabled) draw.stop()
    },
  }
}
