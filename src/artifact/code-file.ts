/** Bundles as files: the hashed text, and a comment after it that says where its source map is. */

const comment = /\n\/\/# sourceMappingURL=[^\n]*\n$/

export const withSourceMap = (code: string, hash: string): string =>
  `${code}\n//# sourceMappingURL=${hash}.mjs.map\n`

/** The text that the hash in the file's name is of. */
export const withoutSourceMap = (text: string): string => text.replace(comment, "")
