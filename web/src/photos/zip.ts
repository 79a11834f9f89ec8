// Reads a ZIP archive in the browser, file by file as they are needed: stored and deflated entries, names in UTF-8 or GBK.

export interface Entry {
  name: string
  bytes: number
  read: () => Promise<Blob>
}

export class NotZip extends Error {}
export class LockedZip extends Error {}

const END = 0x06054b50
const CENTRAL = 0x02014b50
const END_BYTES = 22
const MOST_COMMENT = 65_535
const CENTRAL_BYTES = 46
const LOCAL_BYTES = 30
const LARGE = 0xffffffff
const STORED = 0
const DEFLATED = 8
const ENCRYPTED = 1
const UTF8 = 0x800

/** Whether this browser unpacks at all: Firefox does since 113. */
export function canUnpack(): boolean {
  try {
    return Boolean(new DecompressionStream('deflate-raw'))
  } catch {
    return false
  }
}

/** The files in an archive; folders are left out. NotZip for what is broken or larger than 4 GB, LockedZip for what asks a password. */
export async function openZip(archive: Blob): Promise<Entry[]> {
  const tail = await view(archive, Math.max(0, archive.size - END_BYTES - MOST_COMMENT), archive.size)
  let at = tail.byteLength - END_BYTES
  while (at >= 0 && tail.getUint32(at, true) !== END) at--
  if (at < 0) throw new NotZip()
  const [count, size, offset] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)]
  if (offset === LARGE || offset + size > archive.size) throw new NotZip()
  const list = await view(archive, offset, offset + size)
  const found: Entry[] = []
  let here = 0
  for (let n = 0; n < count; n++) {
    if (here + CENTRAL_BYTES > list.byteLength || list.getUint32(here, true) !== CENTRAL) throw new NotZip()
    const entry = entryAt(archive, list, here)
    if (!entry.name.endsWith('/')) found.push(entry)
    here += CENTRAL_BYTES + list.getUint16(here + 28, true) + list.getUint16(here + 30, true) + list.getUint16(here + 32, true)
  }
  return found
}

function entryAt(archive: Blob, list: DataView, here: number): Entry {
  const [flags, method] = [list.getUint16(here + 8, true), list.getUint16(here + 10, true)]
  const [packed, bytes] = [list.getUint32(here + 20, true), list.getUint32(here + 24, true)]
  const local = list.getUint32(here + 42, true)
  const name = new Uint8Array(list.buffer, list.byteOffset + here + CENTRAL_BYTES, list.getUint16(here + 28, true))
  if (flags & ENCRYPTED) throw new LockedZip()
  if (method !== STORED && method !== DEFLATED) throw new NotZip()
  const read = async () => {
    const head = await view(archive, local, local + LOCAL_BYTES)
    const begin = local + LOCAL_BYTES + head.getUint16(26, true) + head.getUint16(28, true)
    const body = archive.slice(begin, begin + packed)
    return method === STORED ? body : inflated(body, bytes)
  }
  return { name: decoded(name, Boolean(flags & UTF8)), bytes, read }
}

/** No more than was announced is unpacked: a bomb ends here. */
async function inflated(body: Blob, bytes: number): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  let sum = 0
  const reader = body.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Blob(parts)
    sum += value.byteLength
    if (sum > bytes) throw new NotZip()
    parts.push(value)
  }
}

/** Archives made on Chinese Windows write names in GBK and do not say so. */
export function decoded(name: Uint8Array, utf8: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: !utf8 }).decode(name)
  } catch {
    return new TextDecoder('gb18030').decode(name)
  }
}

async function view(blob: Blob, from: number, to: number): Promise<DataView> {
  if (from > to || to > blob.size) throw new NotZip()
  return new DataView(await blob.slice(from, to).arrayBuffer())
}
