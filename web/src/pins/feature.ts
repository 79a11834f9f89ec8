import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [
    {
      path: '/pins/:register(households|premises|buildings)/:id(\\d+)',
      name: 'pin',
      component: () => import('./PinPage.vue'),
      props: ({ params }) => ({ register: String(params.register), id: Number(params.id) }),
      meta: { title: words.title, rights: ['people.read', 'premises.read', 'buildings.read'] },
    },
  ],
} satisfies Feature
