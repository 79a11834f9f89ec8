import { describe, expect, it } from 'vitest'
import { baseName, counted, isPhoto, settled, type Candidate, type Line } from './batch'

const line = (id: number): Line => ({ id, name: `${id}.jpg`, read: async () => new Blob(), candidates: [], chosen: null, state: 'waiting', problem: '' })
const who = (key: number): Candidate => ({ kind: 'residents', key, who: '李四', where: '3-2-502' })

describe('files of an archive', () => {
  it('are photos by their names, and called by the last part', () => {
    expect(['a/王.JPG', '__MACOSX/a.jpg', 'a/.thumb.png', 'list.xlsx'].map(isPhoto)).toEqual([true, false, false, false])
    expect(baseName('户主\\照片/王.jpg')).toBe('王.jpg')
  })
})

describe('whom they show', () => {
  it('is taken when certain and left open otherwise', () => {
    const lines = settled([line(1), line(2), line(3)], [{ file: '1.jpg', candidates: [who(7)] }, { file: '2.jpg', candidates: [who(8), who(9)] }])
    expect(lines.map(({ chosen }) => chosen?.key)).toEqual([7, undefined, undefined])
    expect(counted([...lines.slice(1), { ...lines[0]!, state: 'kept' }])).toEqual({ all: 3, chosen: 1, ready: 0, kept: 1, refused: 0 })
  })
})
