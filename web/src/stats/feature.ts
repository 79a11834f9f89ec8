import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [{ path: '/stats', name: 'stats', component: () => import('./StatsPage.vue'), meta: { title: words.title, rights: ['areas.read'] } }],
  entries: [{ to: '/stats', label: words.short, icon: 'M4 20h16M6 16v-5M11 16V5M16 16V9', order: 60, rights: ['areas.read'] }],
} satisfies Feature
