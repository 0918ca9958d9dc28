/** Texts that any database behind a server can hold. */

/** Without halves of surrogate pairs and without NUL, which PostgreSQL refuses. */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD")

/** At most `limit` characters; what is cut says so, with the length it had. */
export const shortened = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const note = `… (cut; it has ${text.length} characters)`
  return `${text.slice(0, limit - note.length).replace(/[\uD800-\uDBFF]$/, "")}${note}`
}

/** A key as messages name it: its beginning and its end. */
export const brief = (key: string): string =>
  key.length <= 80 ? key : `${key.slice(0, 50)}…${key.slice(-20)}`.toWellFormed()

/** Texts by key, as the server takes them. */
export const pairsOf = (texts: {
  readonly [key: string]: string
}): ReadonlyArray<{ readonly key: string; readonly value: string }> =>
  Object.entries(texts).map(([key, value]) => ({ key, value: storable(value) }))
