// Covers the page after some minutes without input in any tab of this browser. Pure parts first.
import { onBeforeUnmount, onMounted } from 'vue'

const KEPT = 'last-input'
const EVERY_MS = 5_000
const NOTED_MS = 2_000
const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

/** Whether nobody gave any input for so many minutes; 0 minutes: never. */
export function isIdle(lastInput: number, now: number, minutes: number): boolean {
  return minutes > 0 && now - lastInput >= minutes * 60_000
}

let noted = 0

/** Somebody is there: what a page takes as input beside pointer and keys says so here. */
export function noteInput(): void {
  const now = Date.now()
  if (now - noted < NOTED_MS) return
  noted = now
  localStorage.setItem(KEPT, String(now)) // other tabs see it: work in one keeps all open
}

export function useIdle(minutes: () => number, idle: () => void): void {
  let timer = 0

  function look(): void {
    if (isIdle(Number(localStorage.getItem(KEPT) ?? Date.now()), Date.now(), minutes())) idle()
  }

  onMounted(() => {
    noteInput()
    for (const input of INPUTS) window.addEventListener(input, noteInput, { passive: true, capture: true })
    document.addEventListener('visibilitychange', look)
    timer = window.setInterval(look, EVERY_MS)
  })
  onBeforeUnmount(() => {
    for (const input of INPUTS) window.removeEventListener(input, noteInput, { capture: true })
    document.removeEventListener('visibilitychange', look)
    clearInterval(timer)
  })
}
