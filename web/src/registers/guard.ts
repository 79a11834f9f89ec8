// Keeps people from losing what they typed: asks before a record with unsaved changes is left, by link, choice or closed window.
import { onBeforeUnmount, onMounted, ref } from 'vue'
import { ElMessageBox } from 'element-plus/es/components/message-box/index'
import 'element-plus/es/components/message-box/style/css'
import { words } from './words'

export function useGuard() {
  const dirty = ref(false)

  async function mayLeave(): Promise<boolean> {
    if (!dirty.value) return true
    try {
      await ElMessageBox.confirm(words.record.leave, words.record.unsaved, {
        confirmButtonText: words.record.leaveYes,
        cancelButtonText: words.record.stay,
        type: 'warning',
      })
    } catch {
      return false
    }
    dirty.value = false
    return true
  }

  function warn(event: BeforeUnloadEvent): void {
    if (dirty.value) event.preventDefault()
  }

  onMounted(() => addEventListener('beforeunload', warn))
  onBeforeUnmount(() => removeEventListener('beforeunload', warn))
  return { dirty, mayLeave }
}

export type Guard = ReturnType<typeof useGuard>
