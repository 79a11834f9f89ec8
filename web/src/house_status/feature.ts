import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [
    {
      path: '/buildings/:building(\\d+)',
      name: 'house-status',
      component: () => import('./HouseStatusPage.vue'),
      meta: { title: words.house.title },
    },
    { path: '/estates', name: 'estates', component: () => import('./EstatesPage.vue'), meta: { title: words.estatesTitle, rights: ['buildings.read'] } },
    { path: '/estates/:estate(\\d+)', name: 'estate', component: () => import('./EstatePage.vue'), meta: { title: words.estates, rights: ['buildings.read'] } },
  ],
  entries: [{ to: '/estates', label: words.short, icon: 'M4 21V9l8-5 8 5v12M9 21v-5h6v5M8 11h2M14 11h2', order: 15, rights: ['buildings.read'] }],
} satisfies Feature
