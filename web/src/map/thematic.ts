// Lays the division's parts and their colours on the map, whenever area, day, wish or numbers change.
import { computed, watch, type Ref, type ShallowRef } from 'vue'
import type { Layer } from '@/api/types'
import type { AreaItem, useAreas } from './areas'
import { numberText } from './classes'
import { BUBBLE_STYLES, bubblePoints, layerOfLevel, namePoints, PART_NAME, partLayers } from './drill'
import type { MapOwner } from './owner'
import { colorExpression } from './theme'
import { useTheme } from './themeState'
import { words } from './words'

export function useThematic(
  owner: ShallowRef<MapOwner | null>,
  areas: ReturnType<typeof useAreas>,
  layers: Layer[],
  day: Ref<string | null>,
) {
  const theme = useTheme()
  /** The parts one can click; the area itself where nothing is below. */
  const parts = computed<AreaItem[]>(() => {
    const self = areas.focus.value
    if (areas.parts.value.length || !self) return areas.parts.value
    return [{ ...self, children: 0, lon: null, lat: null, area_m2: null }]
  })
  const asked = computed(() => {
    const wish = theme.wish.value
    return wish && areas.parts.value ? [wish.register, wish.by, areas.focus.value?.code, day.value].join('~') : ''
  })

  watch([asked, parts], () => void theme.count(areas.focus.value?.code ?? null, parts.value, day.value))
  watch([owner, parts, theme.values, theme.classes, () => theme.wish.value?.look, () => theme.wish.value?.measure], draw)

  function draw(): void {
    const map = owner.value
    if (!map) return
    const wish = theme.wish.value
    const isColoured = wish?.look === 'choropleth' && theme.values.value.length > 0
    const color = isColoured ? colorExpression(theme.values.value, theme.classes.value) : null
    const levels = [...new Set(parts.value.map(({ level }) => level))]
    map.dress(
      'parts',
      levels.flatMap((level) => {
        const layer = layerOfLevel(level, layers)
        const codes = parts.value.filter((part) => part.level === level).map(({ code }) => code)
        return layer ? partLayers(layer, codes, color).map((style) => ({ ...style, id: `${level}-${style.id}` })) : []
      }),
    )
    drawNames(map)
    drawBubbles(map)
  }

  function drawNames(map: MapOwner): void {
    map.take('part-names')
    map.put('part-names', namePoints(areas.parts.value), [PART_NAME])
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
    return areas.parts.value.find((part) => part.code === code) ?? null
  }

  return { theme, parts, partAt }
}
