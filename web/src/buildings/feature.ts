import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [
    {
      path: '/buildings/:id(\\d+|new)/drawing',
      name: 'building-drawing',
      component: () => import('./BuildingDrawingPage.vue'),
      props: ({ params }) => ({ id: params.id === 'new' ? null : Number(params.id) }),
      meta: { title: words.title, rights: ['buildings.read'] },
    },
  ],
} satisfies Feature
