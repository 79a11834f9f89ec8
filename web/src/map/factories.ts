// Declared layers for tests; a test names only what matters to it.
import type { Layer } from '@/api/types'

export function layer(name: string, given: Partial<Layer> = {}): Layer {
  return {
    name,
    title: name,
    group: '测试',
    minzoom: 10,
    maxzoom: 22,
    visible: true,
    fields: [{ name: 'name', label: '名称' }],
    style: [{ type: 'fill' }],
    legend: [],
    ...given,
  }
}
