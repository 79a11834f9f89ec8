// Where the keyboard goes on when what had the focus is gone: after a dialog that a menu opened, after a link to another page,
// after a list that was loaded anew.
const ABOVE = '.el-overlay, .el-popper' // what comes and goes above the page
const DIALOG = '.el-overlay:not([class*="leave-active"]) [role="dialog"]'

/** Where the keyboard was last: anywhere, in the page, and in a dialog above it. */
const last: Record<'anywhere' | 'page' | 'dialog', HTMLElement | null> = { anywhere: null, page: null, dialog: null }

/** Gives the focus back to where it was, or to what stands there now under the same name, else to the page's content. */
export function focusAgain(): void {
  if (isLost()) (place() ?? document.getElementById('content'))?.focus({ preventScroll: true })
}

const isLost = () => document.activeElement === document.body

const openDialog = () => [...document.querySelectorAll<HTMLElement>(DIALOG)].filter((one) => one.getClientRects().length).pop()

/** Never behind an open dialog. */
function place(): HTMLElement | null {
  const dialog = openDialog()
  if (dialog) return last.dialog && dialog.contains(last.dialog) && !last.dialog.matches(':disabled') ? last.dialog : dialog
  return last.page?.isConnected ? last.page : namesake()
}

/** What was loaded anew after a change has the same name as before. */
function namesake(): HTMLElement | null {
  const name = last.page?.getAttribute('aria-label')
  return name ? document.querySelector<HTMLElement>(`#app [aria-label="${CSS.escape(name)}"]`) : null
}

/** What gave the focus up of its own accord still stands there; what closed or was loaded anew does not. */
const isThere = (one: HTMLElement) => one.isConnected && one.getClientRects().length > 0 && !one.matches(':disabled')

/** Call once. Who uses a mouse or a finger is left alone: a field would bring up the phone's keyboard. */
export function keepFocus(): void {
  const recover = () => {
    if (last.page && isLost() && last.anywhere && !isThere(last.anywhere)) place()?.focus({ preventScroll: true })
  }
  document.addEventListener('focusin', ({ target }) => {
    // a menu that closes after the dialog it opened leaves the focus on the body, which is nowhere
    if (!(target instanceof HTMLElement) || target === document.body) return
    last.anywhere = target
    if (target.closest('.el-overlay')) last.dialog = target
    // the menu that opened a dialog gives the focus to the page for a moment: a key pressed just then must not count
    else if (!target.closest(ABOVE) && !openDialog()) last.page = target
  })
  document.addEventListener('focusout', ({ relatedTarget }) => (relatedTarget && relatedTarget !== document.body) || setTimeout(recover))
  document.addEventListener('pointerdown', () => (last.anywhere = last.page = last.dialog = null), { capture: true })
  document.addEventListener('keydown', ({ key }) => key === 'Tab' && last.page && focusAgain(), { capture: true })
  new MutationObserver(recover).observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled'] })
}
