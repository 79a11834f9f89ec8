import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [
    {
      path: '/households/:household(\\d+)',
      name: 'household',
      component: () => import('./HouseholdPage.vue'),
      meta: { title: words.home, rights: ['people.read'] },
    },
    {
      path: '/duplicates',
      name: 'duplicates',
      component: () => import('./DuplicatesPage.vue'),
      meta: { title: words.duplicates.title, rights: ['people.read'] },
    },
  ],
} satisfies Feature
