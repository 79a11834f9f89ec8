import { inLanguage } from '@/language'

export const words = inLanguage(
  {
    none: '还没有照片。',
    add: '添加照片',
    show: (name: string, day: string) => `看大图：${name}，${day}`,
    close: '关闭',
    remove: '删除这张',
    removeSure: '删除这张照片？',
    cancel: '取消',
    removed: '照片已删除。',
    kept: '照片已保存；拍摄地点等附加信息已去除。',
    photo: '照片',
  },
  {
    none: 'No photos yet.',
    add: 'Add a photo',
    show: (name, day) => `Enlarge: ${name}, ${day}`,
    close: 'Close',
    remove: 'Delete this one',
    removeSure: 'Delete this photo?',
    cancel: 'Cancel',
    removed: 'The photo is deleted.',
    kept: 'The photo is kept, without the place where it was taken.',
    photo: 'Photo',
  },
)
