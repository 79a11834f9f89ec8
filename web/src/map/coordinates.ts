// Coordinates as text: degrees, longitude first as everywhere in this system.

/** Six decimals are 0.1 m; the screen cannot point more exactly. */
export function degrees(value: number): string {
  return `${value.toFixed(6)}°`
}

/** A longitude east of 180 (the map was dragged around the world) is brought back. */
export function wrapLongitude(lon: number): number {
  return ((((lon + 180) % 360) + 360) % 360) - 180
}
