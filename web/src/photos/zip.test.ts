import { describe, expect, it } from 'vitest'
import { decoded, LockedZip, NotZip, openZip } from './zip'

/** An archive with one stored entry, written by hand. */
function archive(name: Uint8Array, body: Uint8Array, flags = 0): Blob {
  const [local, central, end] = [new DataView(new ArrayBuffer(30)), new DataView(new ArrayBuffer(46)), new DataView(new ArrayBuffer(22))]
  local.setUint32(0, 0x04034b50, true)
  local.setUint16(26, name.length, true)
  central.setUint32(0, 0x02014b50, true)
  central.setUint16(8, flags, true)
  central.setUint32(20, body.length, true)
  central.setUint32(24, body.length, true)
  central.setUint16(28, name.length, true)
  const offset = 30 + name.length + body.length
  end.setUint32(0, 0x06054b50, true)
  end.setUint16(10, 1, true)
  end.setUint32(12, 46 + name.length, true)
  end.setUint32(16, offset, true)
  return new Blob([local, name, body, central, name, end] as BlobPart[])
}

const GBK = new Uint8Array([0xcd, 0xf5, 0x2e, 0x6a, 0x70, 0x67]) // 王.jpg

describe('an archive', () => {
  it('tells its files and gives each as it was', async () => {
    const [entry] = await openZip(archive(GBK, new Uint8Array([1, 2, 3])))
    expect(entry?.name).toBe('王.jpg')
    expect([...new Uint8Array(await (await entry!.read()).arrayBuffer())]).toEqual([1, 2, 3])
  })
  it('with a password or none at all is told apart', async () => {
    await expect(openZip(archive(GBK, new Uint8Array([1]), 1))).rejects.toThrow(LockedZip)
    await expect(openZip(new Blob(['no archive']))).rejects.toThrow(NotZip)
  })
})

describe('names', () => {
  it('are read in either spelling', () => {
    expect(decoded(new TextEncoder().encode('王.jpg'), false)).toBe('王.jpg')
    expect(decoded(GBK, false)).toBe('王.jpg')
  })
})
