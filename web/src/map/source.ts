// The line that public maps must carry: review number, source, publisher.
import type { MapInfo } from '@/api/types'
import { words } from './words'

const UNNAMED = '底图' // as the service calls it where nobody gave it a title

export function sourceParts({ review_number, source, publisher, basemap }: MapInfo): string[] {
  const parts: [string, string | null][] = [
    [words.map.reviewNumber, review_number],
    [words.map.source, source],
    [words.map.publisher, publisher],
    [words.basemap, basemap && basemap.title !== UNNAMED ? basemap.title : null],
  ]
  return parts.flatMap(([label, value]) => (value ? [`${label}：${value}`] : []))
}
