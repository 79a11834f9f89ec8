// Makes the phone page open without a network: its service worker, and the manifest that lets it stand on the home screen.
const WORKER = '/patrol-worker.js'
const MANIFEST = '/patrol-manifest.json'

export async function install(): Promise<void> {
  if (!document.querySelector('link[rel=manifest]')) {
    const link = document.createElement('link')
    Object.assign(link, { rel: 'manifest', href: MANIFEST })
    document.head.append(link)
  }
  if (!('serviceWorker' in navigator)) return // http, or a browser that is told not to keep anything
  await navigator.serviceWorker.register(WORKER)
  const { active } = await navigator.serviceWorker.ready
  active?.postMessage('keep') // files of a newer build, if there is one
}
