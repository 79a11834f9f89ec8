import type { Feature } from '@/shell/feature'
import { words } from './words'

const rights = ['people.read', 'buildings.read', 'premises.read', 'events.read', 'areas.read']

export default {
  routes: [
    {
      path: '/registers/import/:kind?',
      name: 'register-import',
      component: () => import('./ImportPage.vue'),
      meta: { title: words.import.title, rights: ['imports.run'] },
    },
    {
      path: '/registers/:name?',
      name: 'registers',
      component: () => import('./RegistersPage.vue'),
      meta: { title: words.title, rights },
    },
  ],
  entries: [{ to: '/registers', label: words.short, order: 20, rights, icon: 'M5 3h14v18H5zM9 8h6M9 12h6M9 16h4' }],
} satisfies Feature
