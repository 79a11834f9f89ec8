import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    locate: {
      title: '谁负责这里',
      above: (n: number) => `上级负责人（${n}人）`,
      elsewhere: '这里不在您的数据范围内，负责人由所在社区查询',
      outside: '这个位置不在任何网格内',
      failed: '没有查到负责人',
      call: '拨打',
      noPhone: '未登记电话',
      why: '依据',
    },
  },
  {
    locate: {
      title: 'Who is responsible here',
      above: (n) => `Responsible above (${n})`,
      elsewhere: 'This place is outside your area; its own community can tell who is responsible',
      outside: 'This place lies in no grid',
      failed: 'The responsible people were not found',
      call: 'Call',
      noPhone: 'no phone registered',
      why: 'Because',
    },
  },
)
