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
  draw.on('change', () => on.changed(figureOf()))
  draw.on('finish', () => {
    const figure = figureOf()
    draw.setMode('static')
    map.doubleClickZoom.enable()
    if (figure) on.finished(figure)
  })
  return {
    begin(what) {
      draw.clear()
      draw.setMode(what)
      map.doubleClickZoom.disable()
    },
    clear() {
      draw.setMode('static')
      draw.clear()
      map.doubleClickZoom.enable()
    },
    close() {
      if (draw.enabled) draw.stop()
    },
  }
}
