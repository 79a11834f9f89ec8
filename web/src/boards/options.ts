// How a board is wanted: what is empty is decided by the office's settings, then by the template.
import type { components } from '@/api/schema'
import type { Template, Way } from './boards'

export type Asked = components['schemas']['BoardPreview']

export interface Wish {
  template: string
  orientation: Way | ''
  theme: string
  scale: number | null
  here: { lon: number; lat: number } | null
  crop_marks: boolean
}

export const noWish = (): Wish => ({ template: '', orientation: '', theme: '', scale: null, here: null, crop_marks: false })

export const SCALES = [200, 250, 500, 750, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10000, 20000, 50000]

/** The wish as the service asks for it; without what is left open. */
export function asked(wish: Wish): Asked {
  return {
    ...(wish.template && { template: wish.template }),
    ...(wish.orientation && { orientation: wish.orientation }),
    ...(wish.theme && { theme: wish.theme }),
    ...(wish.scale && { scale: wish.scale }),
    ...(wish.here && { lon: wish.here.lon, lat: wish.here.lat }),
  } as Asked
}

/** A template's name with its size: A4 公示牌（210×297）. */
export function titleOf({ title, name, own, papers_mm }: Template, mark: string): string {
  const [width, height] = Object.values(papers_mm)[0] ?? [0, 0]
  const called = own ? `${name} · ${mark}` : title
  return title.includes('×') && !own ? called : `${called}（${width}×${height}）`
}
