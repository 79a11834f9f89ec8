import type { Feature } from '@/shell/feature'
import { words } from './words'

const rights = ['areas.read']

export default {
  routes: [
    { path: '/plans', name: 'plans', component: () => import('./PlansPage.vue'), meta: { title: words.title, rights } },
    {
      path: '/plans/check',
      name: 'division-check',
      component: () => import('./DivisionCheckPage.vue'),
      meta: { title: words.divisionCheck, rights },
    },
    { path: '/plans/:plan(\\d+)', name: 'plan', component: () => import('./PlanPage.vue'), props: ({ params }) => ({ plan: Number(params.plan) }), meta: { title: words.title, rights } },
  ],
  entries: [{ to: '/plans', label: words.short, order: 30, rights, icon: 'M4 20l1-5L16 4l4 4L9 19zM13 7l4 4' }],
} satisfies Feature
