import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [
    {
      path: '/visits',
      name: 'visits',
      component: () => import('./VisitsPage.vue'),
      meta: { title: words.visits.title, rights: ['people.read'] },
    },
  ],
  entries: [
    {
      to: '/visits',
      label: words.visits.short,
      order: 40,
      rights: ['people.read'],
      phone: true,
      icon: 'M4 20V10l8-6 8 6v10h-5v-6H9v6zM9 20h6',
    },
  ],
} satisfies Feature
