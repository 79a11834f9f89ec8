import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [
    {
      path: '/premises/:premises(\\d+)',
      name: 'premises',
      component: () => import('./PremisesPage.vue'),
      meta: { title: words.shop, rights: ['premises.read'] },
    },
  ],
} satisfies Feature
