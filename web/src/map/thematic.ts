// Lays the division's parts and their colours on the map, whenever area, day, wish or numbers change.
import type { FeatureCollection } from 'geojson'
import { computed, watch, type Ref, type ShallowRef } from 'vue'
import { answer, client } from '@/api/client'
import type { Layer } from '@/api/types'
import type { AreaItem, useAreas } from './areas'
import { numberText } from './classes'
import { BUBBLE_STYLES, bubblePoints, farLayers, layerOfLevel, namePoints, partLayers, partNames } from './drill'
import type { MapOwner } from './owner'
import type { SheetTheme } from './sheet'
import { FIRST_TILE_ZOOM } from './style'
import { colorExpression } from './theme'
import { useTheme } from './themeState'
import { words } from './words'

const FAR = 'far'

export function useThematic(
  owner: ShallowRef<MapOwner | null>,
  areas: ReturnType<typeof useAreas>,
  layers: Layer[],
  day: Ref<string | null>,
) {
  const theme = useTheme()
  /** What stands right below; the area itself where nothing is below. */
  const natural = computed<AreaItem[]>(() => {
    const self = areas.focus.value
    if (areas.parts.value.length || !self) return areas.parts.value
    return [{ ...self, children: 0, lon: null, lat: null, area_m2: null }]
  })
  /** The parts one can click: those that are coloured, else those right below. */
  const parts = computed(() => (theme.counted.value ? theme.parts.value : natural.value))
  /** The level that is coloured; nothing for what is right below. */
  const level = computed(() => areas.levels.value.find(({ code }) => code === theme.wish.value?.level)?.code ?? null)
  const asked = computed(() => {
    const wish = theme.wish.value
    return wish ? [wish.register, wish.by, level.value, areas.focus.value?.code, day.value].join('~') : ''
  })
  /** What a printed sheet needs to colour its areas alike. */
  const sheetTheme = computed<SheetTheme | null>(() => {
    const wish = theme.wish.value
    return wish && theme.counted.value ? { wish, area: areas.focus.value?.code ?? null, classes: theme.classes.value } : null
  })
  let shapesOf = ''

  watch([asked, natural], () => void theme.count(areas.focus.value?.code ?? null, level.value, day.value, coloured))
  watch([owner, parts, theme.values, theme.classes, () => theme.wish.value?.look, () => theme.wish.value?.measure], draw)

  async function coloured(): Promise<readonly AreaItem[]> {
    return level.value ? await areas.ofLevel(level.value) : natural.value
  }

  function draw(): void {
    const map = owner.value
    if (!map) return
    const wish = theme.wish.value
    const isColoured = wish?.look === 'choropleth' && theme.values.value.length > 0
    const color = isColoured ? colorExpression(theme.values.value, theme.classes.value) : null
    const levels = [...new Set(parts.value.map((part) => part.level))]
    map.dress(
      'parts',
      levels.flatMap((code) => {
        const layer = layerOfLevel(code, layers)
        if (!layer) return []
        const codes = parts.value.filter((part) => part.level === code).map((part) => part.code)
        const far = color && layer.minzoom > FIRST_TILE_ZOOM ? farLayers(layer, map.sourceOf(FAR), color) : []
        if (far.length) putFar(map)
        return [...partLayers(layer, codes, color), ...far].map((style) => ({ ...style, id: `${code}-${style.id}` }))
      }),
    )
    drawNames(map)
    drawBubbles(map)
  }

  /** Whole shapes of the coloured areas, fetched once for each area, level and day. */
  function putFar(map: MapOwner): void {
    const query = { area: areas.focus.value?.code, level: level.value ?? undefined, at: day.value ?? undefined }
    const wanted = JSON.stringify(query)
    if (wanted === shapesOf) return
    shapesOf = wanted
    map.put(FAR, { type: 'FeatureCollection', features: [] })
    answer<FeatureCollection>(client.GET('/api/stats/shapes', { params: { query } })).then(
      ({ features }) => {
        if (wanted !== shapesOf) return
        const known = features.map((one) => ({ ...one, properties: { ...one.properties, code: one.properties?.id as string } }))
        map.put(FAR, { type: 'FeatureCollection', features: known })
      },
      () => (shapesOf = ''), // closer views are coloured all the same
    )
  }

  function drawNames(map: MapOwner): void {
    map.take('part-names')
    map.put('part-names', namePoints(parts.value), [partNames(parts.value.length)])
  }

  function drawBubbles(map: MapOwner): void {
    map.take('bubbles')
    const wish = theme.wish.value
    if (wish?.look !== 'bubbles' || theme.values.value.length === 0) return
    const unit = words.theme.unit[wish.measure] ?? ''
    const texts = new Map(theme.values.value.map(({ code, value }) => [code, value === null ? '' : numberText(value) + unit]))
    map.put('bubbles', bubblePoints(parts.value, theme.values.value, texts), BUBBLE_STYLES)
  }

  /** The part a click on bare ground means. */
  function partAt(place: { lon: number; lat: number }): AreaItem | null {
    const code = owner.value?.dressedAt('parts', place)?.code
    return code === areas.focus.value?.code ? null : (parts.value.find((part) => part.code === code) ?? null)
  }

  return { theme, sheetTheme, parts, partAt }
}
