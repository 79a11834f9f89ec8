// Which layers the page shows, and which of them wait while areas are coloured; kept on this computer.
import { computed, ref, watch, type Ref, type ShallowRef } from 'vue'
import type { Layer } from '@/api/types'
import { isArea } from './drill'
import { keepChoices, nearer, readChoices, THEME_DETAIL_ZOOM, visibleNames, waitingNames, type Choices } from './layers'
import type { MapOwner } from './owner'
import type { ThemeWish } from './theme'

export function useChosenLayers(owner: ShallowRef<MapOwner | null>, layers: Layer[], first: Choices | null, theme: Ref<ThemeWish | null>) {
  const choices = ref(first ?? readChoices(localStorage))
  const visible = computed(() => visibleNames(layers, choices.value))
  const waiting = computed(() => (theme.value ? waitingNames(layers, isArea) : new Set<string>()))
  /** All layers as they are drawn now, from which zoom on. */
  const listed = computed(() => nearer(layers, waiting.value))
  const shown = computed(() => listed.value.filter(({ name }) => visible.value.has(name)))

  watch([owner, visible, waiting], () => owner.value?.show(visible.value, waiting.value, THEME_DETAIL_ZOOM))
  watch(choices, (now) => keepChoices(localStorage, now))

  function toggle(name: string, on: boolean): void {
    choices.value = { ...choices.value, [name]: on }
  }

  /** Whether shown layers wait for a closer view. */
  const waits = (zoom: number) => zoom < THEME_DETAIL_ZOOM && shown.value.some(({ name }) => waiting.value.has(name))
  /** The shown layers without those that wait. */
  const drawnAt = (zoom: number) => shown.value.filter(({ name }) => zoom >= THEME_DETAIL_ZOOM || !waiting.value.has(name))

  return { choices, visible, listed, shown, toggle, waits, drawnAt }
}
