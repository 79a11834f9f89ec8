import type { Feature } from '@/shell/feature'
import { openMapPage } from './beginning'
import { words } from './words'

export default {
  routes: [{ path: '/', name: 'map', component: openMapPage }],
  entries: [
    { to: '/', label: words.map.region, order: 10, rights: [], phone: true, icon: 'm3 6 6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14' },
  ],
} satisfies Feature
