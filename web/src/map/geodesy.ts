// Lengths and areas on the ellipsoid CGCS2000: what a tape on the ground would say, not what the drawn map says.
import { ELLIPSOID, type Degrees } from './datums'

const { a, f } = ELLIPSOID
const b = a * (1 - f)
const RADIANS = Math.PI / 180
const PIECE_M = 200

interface Line {
  metres: number
  /** Direction at the start, clockwise from north, radians. */
  bearing: number
}

/** Vincenty's inverse formula; places on opposite sides of the earth, where it does not end, are nobody's measure here. */
export function line(from: Degrees, to: Degrees): Line {
  const [u1, u2] = [reduced(from.lat), reduced(to.lat)]
  const across = (to.lon - from.lon) * RADIANS
  let lambda = across
  for (let turn = 0; turn < 100; turn++) {
    const east = Math.cos(u2) * Math.sin(lambda)
    const north = Math.cos(u1) * Math.sin(u2) - Math.sin(u1) * Math.cos(u2) * Math.cos(lambda)
    const sine = Math.hypot(east, north)
    if (sine === 0) return { metres: 0, bearing: 0 }
    const cosine = Math.sin(u1) * Math.sin(u2) + Math.cos(u1) * Math.cos(u2) * Math.cos(lambda)
    const sigma = Math.atan2(sine, cosine)
    const alpha = (Math.cos(u1) * Math.cos(u2) * Math.sin(lambda)) / sine
    const square = 1 - alpha * alpha
    const middle = square === 0 ? 0 : cosine - (2 * Math.sin(u1) * Math.sin(u2)) / square
    const c = (f / 16) * square * (4 + f * (4 - 3 * square))
    const before = lambda
    lambda = across + (1 - c) * f * alpha * (sigma + c * sine * (middle + c * cosine * (2 * middle * middle - 1)))
    if (Math.abs(lambda - before) < 1e-12) {
      return { metres: length(square, sine, cosine, middle, sigma), bearing: Math.atan2(east, north) }
    }
  }
  return { metres: NaN, bearing: NaN }
}

function reduced(lat: number): number {
  return Math.atan((1 - f) * Math.tan(lat * RADIANS))
}

function length(square: number, sine: number, cosine: number, middle: number, sigma: number): number {
  const u = (square * (a * a - b * b)) / (b * b)
  const large = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)))
  const small = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)))
  const inner = cosine * (2 * middle * middle - 1) - (small / 6) * middle * (4 * sine * sine - 3) * (4 * middle * middle - 3)
  return b * large * (sigma - small * sine * (middle + (small / 4) * inner))
}

export function metresAlong(points: Degrees[]): number {
  return points.slice(1).reduce((sum, to, index) => sum + line(points[index] as Degrees, to).metres, 0)
}

/**
 * Square metres within a ring (closed by itself). The authalic cylinder keeps areas exactly; long edges are cut into
 * pieces along the geodesic first, since they are straight on the ground and not on the cylinder.
 */
export function squareMetres(ring: Degrees[]): number {
  if (ring.length < 3) return 0
  const fine = ring.flatMap((from, index) => pieces(from, ring[(index + 1) % ring.length] as Degrees))
  let twice = 0
  fine.forEach((from, index) => {
    const to = fine[(index + 1) % fine.length] as Degrees
    twice += (from.lon * authalic(to.lat) - to.lon * authalic(from.lat)) * RADIANS
  })
  return (Math.abs(twice) / 2) * b * b
}

/** The cylinder's height over b^2/R: its differences times those of the longitude are areas. */
function authalic(lat: number): number {
  const e = Math.sqrt(f * (2 - f))
  const sine = Math.sin(lat * RADIANS)
  return sine / (2 * (1 - e * e * sine * sine)) + Math.atanh(e * sine) / (2 * e)
}

function pieces(from: Degrees, to: Degrees): Degrees[] {
  const { metres, bearing } = line(from, to)
  const count = Math.min(2000, Math.ceil(metres / PIECE_M))
  const made = [from]
  for (let n = 1; n < count; n++) made.push(ahead(from, bearing, (metres * n) / count))
  return made
}

/** The place so many metres ahead (Vincenty's direct formula). */
export function ahead(from: Degrees, bearing: number, metres: number): Degrees {
  const u = reduced(from.lat)
  const first = Math.atan2(Math.tan(u), Math.cos(bearing))
  const alpha = Math.cos(u) * Math.sin(bearing)
  const square = 1 - alpha * alpha
  const w = (square * (a * a - b * b)) / (b * b)
  const large = 1 + (w / 16384) * (4096 + w * (-768 + w * (320 - 175 * w)))
  const small = (w / 1024) * (256 + w * (-128 + w * (74 - 47 * w)))
  let sigma = metres / (b * large)
  let middle = 0
  for (let turn = 0; turn < 100; turn++) {
    middle = Math.cos(2 * first + sigma)
    const sine = Math.sin(sigma)
    const inner = Math.cos(sigma) * (2 * middle * middle - 1) - (small / 6) * middle * (4 * sine * sine - 3) * (4 * middle * middle - 3)
    const next = metres / (b * large) + small * sine * (middle + (small / 4) * inner)
    if (Math.abs(next - sigma) < 1e-13) break
    sigma = next
  }
  const [sine, cosine] = [Math.sin(sigma), Math.cos(sigma)]
  const lower = Math.sin(u) * sine - Math.cos(u) * cosine * Math.cos(bearing)
  const lat = Math.atan2(Math.sin(u) * cosine + Math.cos(u) * sine * Math.cos(bearing), (1 - f) * Math.hypot(alpha, lower))
  const lambda = Math.atan2(sine * Math.sin(bearing), Math.cos(u) * cosine - Math.sin(u) * sine * Math.cos(bearing))
  const c = (f / 16) * square * (4 + f * (4 - 3 * square))
  const away = lambda - (1 - c) * f * alpha * (sigma + c * sine * (middle + c * cosine * (2 * middle * middle - 1)))
  return { lon: from.lon + away / RADIANS, lat: lat / RADIANS }
}

/** 85.3 米, 1.24 公里: as many digits as one can point at. */
export function lengthText(metres: number, unit: { m: string; km: string }): string {
  return metres < 1000 ? `${metres.toFixed(1)} ${unit.m}` : `${(metres / 1000).toFixed(metres < 100_000 ? 3 : 1)} ${unit.km}`
}

export function areaText(square: number, unit: { m2: string; km2: string }): string {
  return square < 100_000 ? `${square < 1000 ? square.toFixed(1) : Math.round(square).toLocaleString('en')} ${unit.m2}` : `${(square / 1e6).toFixed(3)} ${unit.km2}`
}
