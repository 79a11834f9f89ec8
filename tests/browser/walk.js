// What the walk over all pages asks a page: what the keyboard cannot reach, what is cut or covered. Each answer lists descriptions.
;(() => {
  const STOPS = 'a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex]'
  const FIELDS = /input|select|textarea|checkbox|radio|switch/ // Element Plus draws the ring on the box around a field
  const MOST = 8
  const some = (found) => [...new Set(found)].slice(0, MOST)
  const seen = (e) => e.checkVisibility({ checkVisibilityCSS: true }) && [...e.getClientRects()].some((box) => box.width > 1 && box.height > 1)
  const told = (e) => {
    const name = e.getAttribute('aria-label') || e.innerText || e.getAttribute('placeholder') || e.id || ''
    return `${e.tagName.toLowerCase()}.${e.getAttribute('class') ?? ''} "${name.trim().replace(/\s+/g, ' ').slice(0, 24)}"`
  }
  const aside = (e) => e.closest('.visually-hidden, .skip, .maplibregl-map, [inert], [aria-hidden=true], .el-popper, .el-table__header-wrapper')
  const parents = function* (e) {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) yield p
  }
  const flows = (e, axis) => [...parents(e)].some((p) => /auto|scroll/.test(getComputedStyle(p)[`overflow${axis}`]))
  const answersClicks = (e) => Object.getOwnPropertySymbols(e).some((key) => key.description === '_vei' && e[key].onClick)

  /** Things that answer a click and no key. */
  function mouseOnly() {
    const clickable = [...document.querySelectorAll('#app *')].filter((e) => answersClicks(e) && seen(e))
    return some(clickable.filter((e) => !e.closest(`${STOPS},label`) && !e.querySelector(STOPS)).map(told))
  }

  /** Text and controls out of the window that no scrolling brings back, or cut by what holds them. */
  function cut() {
    const found = []
    if (document.documentElement.scrollWidth > innerWidth + 1) found.push(`the page is ${document.documentElement.scrollWidth} wide`)
    const main = document.querySelector('main')
    if (main && main.scrollWidth > main.clientWidth + 1) found.push(`the content is ${main.scrollWidth} wide in ${main.clientWidth}`)
    for (const e of document.querySelectorAll('#app *')) {
      const isText = [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
      if ((!isText && !e.matches(STOPS)) || aside(e) || !seen(e)) continue
      const box = e.getBoundingClientRect()
      if ((box.right > innerWidth + 2 || box.left < -2) && !flows(e, 'X')) found.push(`sideways: ${told(e)}`)
      if ((box.bottom > innerHeight + 2 || box.top < -2) && !flows(e, 'Y')) found.push(`below: ${told(e)}`)
      if (isClipped(e, box)) found.push(`clipped: ${told(e)}`)
    }
    return some(found)
  }

  function isClipped(e, box) {
    for (const p of parents(e)) {
      const style = getComputedStyle(p)
      if (style.position === 'fixed' || /auto|scroll/.test(style.overflowX + style.overflowY) || style.textOverflow === 'ellipsis') return false
      const hold = p.getBoundingClientRect()
      if (/hidden|clip/.test(style.overflowX) && (box.right > hold.right + 3 || box.bottom > hold.bottom + 3)) return true
    }
    return false
  }

  /** Back to where the page began: what is half under a table's head, or under what the keyboard opened, is no fault. */
  function top() {
    document.activeElement?.blur()
    for (const e of document.querySelectorAll('#app *')) if (e.scrollTop) e.scrollTop = 0
  }

  const visited = new Set()
  const dull = new Set()
  function ringed(e) {
    const drawn = (one, style = getComputedStyle(one)) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
    if (e instanceof SVGElement) return true // drawn by their own stroke
    if (drawn(e) || [...e.children].some((part) => drawn(part)) || [...(e.parentElement?.children ?? [])].some((beside) => drawn(beside))) return true
    return [...parents(e)].slice(0, 4).some((p) => drawn(p) || (getComputedStyle(p).boxShadow !== 'none' && FIELDS.test(p.className)))
  }

  /** Notes where Tab leads from now on, beginning at the top of the page. */
  function listen() {
    visited.clear()
    dull.clear()
    document.removeEventListener('focusin', note)
    document.activeElement?.blur()
    document.querySelector('.skip')?.focus()
    document.querySelector('.skip')?.blur() // the browser goes on from here
    document.addEventListener('focusin', note)
  }
  function note({ target }) {
    visited.add(target)
    if (!ringed(target)) dull.add(told(target))
  }

  /** What Tab should reach: of a group of radios one, of lists walked by arrows the one with tabindex 0. */
  function stops() {
    const isOther = (e) => e.type === 'radio' && e.name && !e.checked && [...document.querySelectorAll('input[type=radio]:checked')].some((one) => one.name === e.name)
    return [...document.querySelectorAll(STOPS)].filter((e) => e.tabIndex >= 0 && !e.disabled && seen(e) && !aside(e) && !isOther(e))
  }

  window.walk = {
    mouseOnly, cut, listen, top,
    steps: () => stops().length + 6,
    unreached: () => some(stops().filter((e) => !visited.has(e)).map(told)),
    unmarked: () => some([...dull]),
  }
})()
