import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    search: {
      label: '搜索',
      placeholder: '搜网格、楼栋、商铺',
      long: '搜网格、楼栋、商铺（按 / 键）',
      clear: '清空',
      searching: '正在搜索…',
      nothing: (q: string) => `没有找到“${q}”`,
      nothingHint: '换个简短的叫法，或只输入编号的后几位试试。',
      results: (n: number) => `找到 ${n} 条结果，用上下键选择，回车打开`,
      kinds: { area: '区域', building: '楼栋', premises: '商铺' } as Record<string, string>,
    },
  },
  {
    search: {
      label: 'Search',
      placeholder: 'Grid, building, shop',
      long: 'Grid, building, shop (press /)',
      clear: 'Clear',
      searching: 'Searching…',
      nothing: (q) => `Nothing found for “${q}”`,
      nothingHint: 'Try a shorter name, or only the last digits of a number.',
      results: (n) => `${n} results; arrow keys choose, Enter opens`,
      kinds: { area: 'Area', building: 'Bldg', premises: 'Shop' },
    },
  },
)
