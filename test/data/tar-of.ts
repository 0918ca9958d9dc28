/** A tar archive of files by name, as far as its reader looks at one. */
export const tarOf = (files: { readonly [name: string]: string | Uint8Array }): Uint8Array => {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512)
    header.write(name, 0, "latin1")
    header.write(content.length.toString(8).padStart(11, "0"), 124, "latin1")
    header.write("ustar", 257, "latin1")
    const padded = Buffer.alloc(512 * Math.ceil(content.length / 512))
    padded.set(Buffer.from(content))
    return [header, padded]
  })
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}
