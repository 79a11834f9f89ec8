import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    navigation: '功能',
    more: '更多',
    skip: '跳到内容',
    noRight: '您的账号还不能使用这个功能',
    noRightHint: '请联系本单位管理员开通相应权限。',
    notFound: '没有这个页面',
    notFoundHint: '地址可能写错了，或页面已经移走。',
    home: '回到地图',
    progress: (done: string, total: string) => `已完成 ${done} / ${total}`,
    cancel: '取消任务',
    cancelled: '任务已取消，没有留下改动。',
  },
  {
    navigation: 'Functions',
    more: 'More',
    skip: 'Skip to content',
    noRight: 'Your account may not use this yet',
    noRightHint: 'Ask your administrator for the right.',
    notFound: 'No such page',
    notFoundHint: 'The address may be mistyped, or the page has moved.',
    home: 'Back to the map',
    progress: (done, total) => `${done} of ${total} done`,
    cancel: 'Cancel',
    cancelled: 'Cancelled; nothing was changed.',
  },
)
