import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [
    {
      path: '/photos/batch',
      name: 'photo-batch',
      component: () => import('./PhotosPage.vue'),
      meta: { title: words.batch.title, rights: ['people.write'] },
    },
  ],
} satisfies Feature
