import type { Feature } from '@/shell/feature'
import { words as phone } from './phone/words'
import { words } from './words'

const READ = ['tracks.read']

export default {
  routes: [
    {
      path: '/patrol/phone',
      name: 'patrol-phone',
      component: () => import('./phone/PhonePage.vue'),
      meta: { title: phone.title, rights: ['tracks.write'], bare: true, offline: true },
    },
    {
      path: '/patrol/:part?',
      name: 'patrol',
      component: () => import('./PatrolPage.vue'),
      meta: { title: words.title, rights: READ },
    },
  ],
  entries: [
    {
      to: '/patrol/phone',
      label: phone.short,
      order: 45,
      rights: ['tracks.write'],
      phone: true,
      phoneOnly: true,
      icon: 'M9 3h6v3H9zM7 5H5v16h14V5h-2M8.5 13.5l2.5 2.5 5-5',
    },
    { to: '/patrol', label: words.short, order: 50, rights: READ, icon: 'M5 20c0-5 14-6 14-11a4 4 0 1 0-8 0M5 20h6M15 5.5v.01' },
  ],
} satisfies Feature
