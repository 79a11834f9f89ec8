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
    { path: '/account', name: 'account', component: () => import('./AccountPage.vue'), meta: { title: words.account.title } },
  ],
} satisfies Feature
