import type { Feature } from '@/shell/feature'
import { words } from './words'

const rights = ['boards.print']

export default {
  routes: [
    {
      path: '/boards',
      component: () => import('./BoardsPage.vue'),
      meta: { title: words.title, rights },
      children: [
        { path: '', name: 'boards', component: () => import('./MakePage.vue'), meta: { title: words.tabs.make, rights } },
        { path: 'texts', component: () => import('./TextsPage.vue'), meta: { title: words.tabs.texts, rights: ['boards.write'] } },
        {
          path: 'templates',
          component: () => import('./TemplatesPage.vue'),
          meta: { title: words.tabs.templates, rights: ['boards.write'] },
        },
        { path: 'prints', component: () => import('./PrintsPage.vue'), meta: { title: words.tabs.prints, rights } },
        { path: 'papers', component: () => import('./PapersPage.vue'), meta: { title: words.tabs.papers, rights } },
      ],
    },
  ],
  entries: [
    { to: '/boards', label: words.short, order: 70, rights, icon: 'M4 4h16v11H4zM8 15v6M16 15v6M7 8h6M7 11h10' },
  ],
} satisfies Feature
