import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    failed: {
      network: '连不上服务，请检查网络后再试。',
      unexpected: '服务没有正常回答，请稍后再试。',
    },
  },
  {
    failed: {
      network: 'The service cannot be reached. Check the network and try again.',
      unexpected: 'The service did not answer as it should. Try again in a moment.',
    },
  },
)
