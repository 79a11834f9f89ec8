import type { Component } from 'vue'
import type { Feature } from '@/shell/feature'
import { ADMINISTRATION, sections, type Section } from './sections'
import { words } from './words'

const pages: Record<Section['name'], () => Promise<Component>> = {
  users: () => import('./UsersPage.vue'),
  roles: () => import('./RolesPage.vue'),
  tokens: () => import('./TokensPage.vue'),
  dictionary: () => import('./DictionaryPage.vue'),
  colours: () => import('./ColoursPage.vue'),
  settings: () => import('./SettingsPage.vue'),
  jobs: () => import('./JobsPage.vue'),
  audit: () => import('./AuditPage.vue'),
  health: () => import('./HealthPage.vue'),
}

export default {
  routes: [
    {
      path: '/admin',
      component: () => import('./AdminFrame.vue'),
      children: [
        {
          path: '',
          name: 'administration',
          component: () => import('./AdminIndex.vue'),
          meta: { title: words.title, rights: ADMINISTRATION },
        },
        ...sections.map(({ name, to, rights }) => ({
          path: to,
          name: `administration-${name}`,
          component: pages[name],
          meta: { title: words.pages[name].title, rights: rights.length ? rights : undefined },
        })),
      ],
    },
  ],
  entries: [
    {
      to: '/admin',
      label: words.title,
      order: 90,
      rights: ADMINISTRATION,
      icon: 'M12 3l8 3.500v5.500c0 4.500-3.300 7.500-8 9-4.700-1.500-8-4.500-8-9V6.500zM9 12l2 2 4-4',
    },
  ],
} satisfies Feature
