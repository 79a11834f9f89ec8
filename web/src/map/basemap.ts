// The base map below our own layers: raster tiles of a configured service, or one PMTiles file of this service.
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { Basemap } from '@/api/types'
import type { Below } from './style'

export const NONE: Below = { sources: {}, layers: [] }
/** Greys that stand back behind our own colours. */
const GREY = { area: '#dde2e8', line: '#b4bdc8' }

interface VectorLayer {
  id: string
}

export async function basemapBelow(basemap: Basemap | null | undefined): Promise<Below> {
  if (!basemap) return NONE
  try {
    return basemap.kind === 'tiles' ? ofTiles(basemap) : await ofFile(basemap)
  } catch (thrown) {
    console.warn(thrown) // the map itself needs no base map
    return NONE
  }
}

function ofTiles({ layers, maxzoom }: Basemap): Below {
  const named = layers.map((tiles, index) => ({ id: `base-${index}`, tiles: tiles.map(absolute) }))
  return {
    sources: Object.fromEntries(named.map(({ id, tiles }) => [id, { type: 'raster' as const, tiles, tileSize: 256, maxzoom }])),
    layers: named.map(({ id }) => ({ id, type: 'raster' as const, source: id })),
  }
}

async function ofFile({ layers, maxzoom }: Basemap): Promise<Below> {
  const [{ PMTiles, Protocol, TileType }, { addProtocol }] = await Promise.all([import('pmtiles'), import('maplibre-gl')])
  const protocol = new Protocol()
  addProtocol('pmtiles', protocol.tile)
  const address = absolute(layers[0]?.[0] ?? '')
  const file = new PMTiles(address)
  protocol.add(file)
  const header = await file.getHeader()
  const deepest = Math.min(maxzoom, header.maxZoom)
  const url = `pmtiles://${address}`
  if (header.tileType !== TileType.Mvt) {
    return {
      sources: { base: { type: 'raster', url, tileSize: 256, maxzoom: deepest } },
      layers: [{ id: 'base', type: 'raster', source: 'base' }],
    }
  }
  const told = (await file.getMetadata()) as { vector_layers?: VectorLayer[] }
  return { sources: { base: { type: 'vector', url, maxzoom: deepest } as StyleSpecification['sources'][string] }, layers: quiet(told.vector_layers ?? []) }
}

/** Any vector tiles, whatever their layers are called: areas pale, lines thin. */
export function quiet(layers: readonly VectorLayer[]): LayerSpecification[] {
  const of = (shape: string) => ['==', ['geometry-type'], shape] as unknown as ['==', string, string]
  const areas = layers.map(({ id }) => ({
    id: `base-area-${id}`,
    type: 'fill' as const,
    source: 'base',
    'source-layer': id,
    filter: of('Polygon'),
    paint: { 'fill-color': GREY.area, 'fill-opacity': 0.65 },
  }))
  const lines = layers.map(({ id }) => ({
    id: `base-line-${id}`,
    type: 'line' as const,
    source: 'base',
    'source-layer': id,
    filter: of('LineString'),
    paint: { 'line-color': GREY.line, 'line-width': 1.2 },
  }))
  return [...areas, ...lines]
}

function absolute(address: string): string {
  return address.startsWith('/') ? `${location.origin}${address}` : address
}
