import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    short: '巡查',
    title: '巡查',
  },
  {
    short: 'Patrol',
    title: 'Patrol',
  },
)
