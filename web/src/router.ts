// The pages and who may open them. Every feature tells its own (feature.ts); pages are loaded when first opened.
import { createRouter, createWebHistory, type Router } from 'vue-router'
import { destination } from './session/destination'
import { useSession } from './session/session'
import { features } from './shell/feature'
import { words } from './shell/words'

export function createConsoleRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      ...features.flatMap(({ routes }) => routes),
      { path: '/:rest(.*)*', name: 'not-found', component: () => import('./shell/NotFoundPage.vue') },
    ],
  })
  router.beforeEach(async (to) => {
    const session = useSession()
    await session.load()
    return destination({ state: session.state, open: Boolean(to.meta.open), offline: Boolean(to.meta.offline), path: to.fullPath, next: to.query.next })
  })
  router.afterEach((to) => {
    document.title = to.meta.title ? `${to.meta.title} · ${words.product}` : words.product
  })
  return router
}
