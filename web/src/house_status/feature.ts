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
  ],
} satisfies Feature
