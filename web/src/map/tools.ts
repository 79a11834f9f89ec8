// What the buttons on the map open: one panel at a time, the tree, the bar of days, the print; on a phone one sheet at a time.
import { computed, nextTick, ref, type Ref, type ShallowRef } from 'vue'
import { useSession } from '@/session/session'
import { copyText } from '@/shell/copy'
import type { Tool } from './MapButtons.vue'
import type { Shown } from './shown'
import { words } from './words'

interface Card {
  shown: ShallowRef<Shown | null>
  dismiss(): void
}

interface Three {
  on: Ref<boolean>
  possible: boolean
  toggle(): void
}

export function useTools(day: Ref<string | null>, card: Card, three: Three) {
  const session = useSession()
  const narrow = window.matchMedia('(max-width: 640px)')
  const treeOpen = ref(!narrow.matches && window.innerWidth >= 1200)
  const panel = ref<'layers' | 'theme' | 'measure' | null>(null)
  const dayOpen = ref(Boolean(day.value))
  const printOpen = ref(false)

  const active = computed(() => {
    const on: Tool[] = [...(panel.value ? [panel.value] : []), ...(dayOpen.value ? ['day' as const] : []), ...(three.on.value ? ['three' as const] : [])]
    return new Set<Tool>(on)
  })
  /** Whether something covers the foot of a phone's map. */
  const sheetOpen = computed(() => Boolean(card.shown.value || panel.value || (narrow.matches && treeOpen.value)))

  function use(tool: Tool): void {
    if (tool === 'three') three.toggle()
    else if (tool === 'link') void copyText(location.href, words.tools.linkCopied)
    else if (tool === 'print') session.may('boards.print') ? (printOpen.value = true) : void printScreen()
    else if (tool === 'day') [dayOpen.value, day.value] = [!dayOpen.value, dayOpen.value ? null : day.value]
    else {
      const next = panel.value === tool ? null : tool
      if (narrow.matches) [card.shown.value, treeOpen.value] = [null, false]
      panel.value = next
    }
  }

  async function printScreen(): Promise<void> {
    printOpen.value = false
    await nextTick()
    window.print()
  }

  function showTree(): void {
    treeOpen.value = !treeOpen.value || Boolean(card.shown.value)
    if (card.shown.value) card.dismiss()
    if (narrow.matches) panel.value = null
  }

  /** Before something else is shown on a phone. */
  function closeSheets(): void {
    if (narrow.matches) [panel.value, treeOpen.value] = [null, false]
  }

  const may = (tool: Tool) => tool !== 'three' || three.possible

  return { treeOpen, panel, dayOpen, printOpen, active, sheetOpen, use, printScreen, showTree, closeSheets, may }
}
