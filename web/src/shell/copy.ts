// Copies a text with one click, also where the page came over plain http (offices without certificates).
import { ElMessage } from 'element-plus/es/components/message/index'
import { words } from './words'

export async function copyText(text: string, said = words.copied): Promise<void> {
  const done = (await byClipboard(text)) || byField(text)
  if (done) ElMessage.success(said)
  else ElMessage.warning(words.copyFailed)
}

async function byClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text) // only there in secure contexts
    return true
  } catch {
    return false
  }
}

function byField(text: string): boolean {
  const before = document.activeElement as HTMLElement | null
  const field = document.createElement('textarea')
  field.value = text
  field.style.position = 'fixed'
  field.style.opacity = '0'
  const inside = before?.closest('[role=dialog]') ?? document.body // a dialog takes the focus back from what is outside
  inside.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  before?.focus()
  return done
}
