// The pages and who may open them. Pages are loaded when first opened, so that sign-in stays light.
import { createRouter, createWebHistory, type Router } from 'vue-router'
import { destination } from './session/destination'
import { useSession } from './session/session'
import { words } from './words'

export function createConsoleRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: '/login', name: 'sign-in', component: () => import('./session/SignInPage.vue'), meta: { open: true } },
      { path: '/', name: 'map', component: () => import('./map/MapPage.vue') },
      { path: '/buildings/:building(\\d+)', name: 'house-status', component: () => import('./house_status/HouseStatusPage.vue') },
      { path: '/visits', name: 'visits', component: () => import('./visits/VisitsPage.vue') },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })
  router.beforeEach(async (to) => {
    const session = useSession()
    await session.load()
    return destination({ state: session.state, open: Boolean(to.meta.open), path: to.fullPath, next: to.query.next })
  })
  router.afterEach((to) => {
    document.title = to.name === 'sign-in' ? `${words.session.title} · ${words.product}` : words.product
  })
  return router
}
