// Drawing without a mouse: the map is moved under a cross in its middle, and each corner is set there.
import { computed, shallowRef, watch } from 'vue'
import type { Desk, Figure } from './desk'
import type { Position } from './plane'

export function useCrosshair(desk: Desk) {
  const corners = shallowRef<Position[]>([])
  const made = shallowRef<Figure | null>(null)
  const least = computed(() => (desk.draws.value === 'polygon' ? 3 : 2))

  watch(desk.draws, () => (corners.value = []))

  function figureOf(places: Position[]): Figure | null {
    if (desk.draws.value === 'polygon') return places.length < 3 ? null : { type: 'Polygon', coordinates: [[...places, places[0]!]] }
    return places.length < 2 ? null : { type: 'LineString', coordinates: places }
  }

  /** Whether the figure to be applied was made here. */
  function isMine(): boolean {
    return desk.figure.value !== null && desk.figure.value === made.value
  }

  function put(now: Position[]): void {
    corners.value = now
    desk.drawing.value = figureOf(now)
  }

  return {
    corners,
    /** What is drawn so far, or done and not applied. */
    shown: computed<Position[]>(() => (isMine() ? ringOf(desk.figure.value!) : corners.value)),
    isMine,
    /** Whether there are corners enough for a figure. */
    isEnough: computed(() => corners.value.length >= least.value),
    add: (at: Position) => put([...corners.value, at]),
    back: () => put(corners.value.slice(0, -1)),
    finish(): void {
      const figure = figureOf(corners.value)
      if (!figure) return
      made.value = figure
      desk.drawing.value = null
      desk.figure.value = figure
    },
  }
}

function ringOf({ type, coordinates }: Figure): Position[] {
  return (type === 'Polygon' ? coordinates[0] : coordinates) as Position[]
}

export type Crosshair = ReturnType<typeof useCrosshair>
