// Photos as they are kept and sent: upright, at most 1600 pixels, a few hundred kilobytes.
const LONGEST = 1600
const QUALITY = 0.82

/** A smaller JPEG of a photo; the file itself where the browser cannot read it. */
export async function smaller(file: Blob): Promise<Blob> {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(picture.width * scale)
    canvas.height = Math.round(picture.height * scale)
    canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    return await new Promise<Blob>((done) => canvas.toBlob((made) => done(made ?? file), 'image/jpeg', QUALITY))
  } catch {
    return file
  }
}
