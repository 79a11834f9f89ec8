// What is typed and not saved is not lost by a click elsewhere.
import { onBeforeUnmount, onMounted, type Ref } from 'vue'
import { ElMessageBox } from 'element-plus/es/components/message-box/index'
import { onBeforeRouteLeave } from 'vue-router'
import { words } from './words'

/** Asks before leaving the page, or (`mayGo`) before doing something that would lose the changes. */
export function useLeaving(changed: Readonly<Ref<boolean>>) {
  async function mayGo(): Promise<boolean> {
    if (!changed.value) return true
    const names = { confirmButtonText: words.texts.leave, cancelButtonText: words.texts.stay, type: 'warning' as const }
    return ElMessageBox.confirm(words.texts.unsaved, words.texts.warn, names).then(
      () => true,
      () => false,
    )
  }
  const warn = (event: BeforeUnloadEvent) => changed.value && event.preventDefault()
  onMounted(() => window.addEventListener('beforeunload', warn))
  onBeforeUnmount(() => window.removeEventListener('beforeunload', warn))
  onBeforeRouteLeave(mayGo)
  return mayGo
}
