// Positions from the phone while a patrol is recorded; the screen is kept on where the browser can.
import { isWorth, type Fix } from './records'

export type Trouble = 'none' | 'insecure' | 'denied' | 'no-position'
export type Position = Omit<Fix, 'user' | 'state' | 'why'>

const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 2_000, timeout: 30_000 }
const STILL_MS = 60_000 // watching tells nothing while one stands still: then we ask

interface Battery {
  level: number
}

/** Calls `found` with each position worth keeping and `trouble` when there is none; answers how to stop. */
export function record(found: (position: Position) => void, trouble: (what: Trouble) => void): () => void {
  let last: Position | null = null
  let battery: Battery | null = null
  let awake: WakeLockSentinel | null = null
  void askBattery().then((known) => (battery = known))

  function take({ coords, timestamp }: GeolocationPosition): void {
    const next = positionOf(coords, timestamp, battery)
    trouble('none')
    if (!isWorth(last, next)) return
    last = next
    found(next)
  }

  function failed({ code }: GeolocationPositionError): void {
    trouble(code === GeolocationPositionError.PERMISSION_DENIED ? 'denied' : 'no-position')
  }

  async function stayAwake(): Promise<void> {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return
    awake = await navigator.wakeLock.request('screen').catch(() => null) // a low battery, perhaps: recording goes on
  }

  if (!window.isSecureContext || !navigator.geolocation) {
    trouble('insecure')
    return () => {}
  }
  const watch = navigator.geolocation.watchPosition(take, failed, OPTIONS)
  const still = window.setInterval(() => navigator.geolocation.getCurrentPosition(take, () => {}, OPTIONS), STILL_MS)
  document.addEventListener('visibilitychange', stayAwake)
  void stayAwake()
  return () => {
    navigator.geolocation.clearWatch(watch)
    clearInterval(still)
    document.removeEventListener('visibilitychange', stayAwake)
    void awake?.release()
  }
}

export function positionOf(coords: GeolocationCoordinates, timestamp: number, battery: Battery | null): Position {
  const known = (value: number | null) => (value === null || !Number.isFinite(value) ? null : value)
  const speed = known(coords.speed)
  const course = known(coords.heading)
  return {
    at: Math.round(timestamp),
    lon: coords.longitude,
    lat: coords.latitude,
    accuracy_m: known(coords.accuracy),
    speed_mps: speed === null || speed < 0 ? null : speed,
    course_deg: course === null || course < 0 || course > 360 ? null : course,
    ele_m: known(coords.altitude),
    battery: battery ? Math.round(battery.level * 100) : null,
  }
}

/** Where the phone is now; null when it cannot tell. */
export function here(): Promise<Position | null> {
  if (!window.isSecureContext || !navigator.geolocation) return Promise.resolve(null)
  return new Promise((done) =>
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) => done(positionOf(coords, timestamp, null)),
      () => done(null),
      { ...OPTIONS, timeout: 10_000 },
    ),
  )
}

async function askBattery(): Promise<Battery | null> {
  const asking = (navigator as { getBattery?: () => Promise<Battery> }).getBattery
  return asking ? asking.call(navigator).catch(() => null) : null
}
