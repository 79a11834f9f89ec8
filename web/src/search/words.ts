import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    placeholder: '搜网格、小区、房号、人名、坐标',
    long: '搜网格、小区、楼栋、房号（如 3-2-502）、店名、姓名或拼音首字母、电话后四位、事件编号、坐标（按 / 键）',
    nothingHint: '可以输入：房号 3-2-502、姓名或拼音首字母、电话后四位、店名、事件编号，或坐标 106.55, 29.56。',
    kinds: {
      coordinate: '坐标',
      area: '区域',
      estate: '小区',
      building: '楼栋',
      room: '房屋',
      premises: '场所',
      resident: '居民',
      event: '事件',
    } as Record<string, string>,
  },
  {
    placeholder: 'Grid, estate, room, name, coordinates',
    long: 'Grid, estate, building, room (3-2-502), shop, name or pinyin initials, last four of a phone, event number, coordinates (key /)',
    nothingHint: 'Try a room 3-2-502, a name or its initials, the last four of a phone, a shop, an event number, or coordinates 106.55, 29.56.',
    kinds: {
      coordinate: 'Coordinates',
      area: 'Areas',
      estate: 'Estates',
      building: 'Buildings',
      room: 'Rooms',
      premises: 'Shops',
      resident: 'Residents',
      event: 'Events',
    } as Record<string, string>,
  },
)
