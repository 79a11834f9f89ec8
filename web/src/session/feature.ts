import type { Feature } from '@/shell/feature'
import { words } from './words'

export default {
  routes: [
    {
      path: '/login',
      name: 'sign-in',
      component: () => import('./SignInPage.vue'),
      meta: { open: true, bare: true, title: words.session.title },
    },
  ],
} satisfies Feature
