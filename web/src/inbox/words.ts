import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    title: '消息',
    open: (unread: number) => (unread ? `消息，${unread} 条未读` : '消息'),
    none: '没有收到过消息。',
    failed: '没有取到消息',
    fresh: '未读',
    read: '知道了',
    readAll: '全部标为已读',
    from: (who: string, area: string) => (area ? `${who} 发给 ${area}` : who),
    close: '关闭',
  },
  {
    title: 'Messages',
    open: (unread) => (unread ? `Messages, ${unread} unread` : 'Messages'),
    none: 'No messages yet.',
    failed: 'The messages did not come',
    fresh: 'unread',
    read: 'Mark as read',
    readAll: 'Mark all as read',
    from: (who, area) => (area ? `${who} to ${area}` : who),
    close: 'Close',
  },
)
