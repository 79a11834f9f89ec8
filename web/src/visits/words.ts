import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    visits: {
      title: '今日走访',
      short: '走访',
      failed: '没有取到今日走访',
      nothing: '这个范围内没有到期需要核实的，辛苦了。',
      kinds: { rooms: '房屋核实率', residents: '居民核实率', premises: '场所核实率' } as Record<string, string>,
      fromHere: '从我这里走起',
      again: '重新排',
      noPosition: '没有取得您的位置，仍按原来的顺序。',
      confirmed: '属实',
      absent: '无人',
      people: (n: number) => `${n} 人 · `,
      due: (day: string) => `应于 ${day} 复核`,
    },
  },
  {
    visits: {
      title: 'Today’s visits',
      short: 'Visits',
      failed: 'Today’s visits could not be read',
      nothing: 'Nothing is due in this area. Well done.',
      kinds: { rooms: 'rooms verified', residents: 'residents verified', premises: 'premises verified' },
      fromHere: 'Start from here',
      again: 'Order anew',
      noPosition: 'Your position is not known; the order stays.',
      confirmed: 'As recorded',
      absent: 'Nobody in',
      people: (n) => `${n} people · `,
      due: (day) => `due ${day}`,
    },
  },
)
