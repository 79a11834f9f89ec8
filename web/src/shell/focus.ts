// Where the keyboard goes on when what had the focus is gone: after a dialog that a menu opened, after a link to another page.
const ABOVE = '.el-overlay, .el-popper' // what comes and goes above the page

let last: HTMLElement | null = null

/** Gives the focus back to where it was in the page, or to what stands there now under the same name, else to the page's content. */
export function focusAgain(): void {
  if (document.activeElement !== document.body) return
  const to = last?.isConnected ? last : (namesake() ?? document.getElementById('content'))
  to?.focus({ preventScroll: true })
}

/** What was loaded anew after a change has the same name as before. */
function namesake(): HTMLElement | null {
  const name = last?.getAttribute('aria-label')
  return name ? document.querySelector<HTMLElement>(`#app [aria-label="${CSS.escape(name)}"]`) : null
}

/** Call once. Who uses a mouse or a finger is left alone: a field would bring up the phone's keyboard. */
export function keepFocus(): void {
  document.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement && !target.closest(ABOVE)) last = target
  })
  document.addEventListener('pointerdown', () => (last = null), { capture: true })
  document.addEventListener('keydown', ({ key }) => key === 'Tab' && last && focusAgain(), { capture: true })
  new MutationObserver((changes) => {
    if (last && (last.isConnected || namesake()) && changes.some(({ removedNodes }) => removedNodes.length)) focusAgain()
  }).observe(document.body, { childList: true })
}
