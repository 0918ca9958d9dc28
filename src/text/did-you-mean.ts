/** Names that somebody may have meant who wrote another. */

/**
 * The candidates nearest to `written`, best first, none that is too far to be a slip.
 *
 * A third of the letters may be wrong. Another case, or a beginning of at least three letters, counts as near.
 */
export const similarNames = (written: string, candidates: Iterable<string>, most = 3): Array<string> => {
  const wanted = written.toLowerCase()
  const allowed = Math.max(1, Math.floor(wanted.length / 3))
  const near: Array<{ readonly name: string; readonly distance: number }> = []
  for (const name of new Set(candidates)) {
    const distance = distanceTo(wanted, name.toLowerCase(), allowed)
    if (distance <= allowed) near.push({ name, distance })
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
  return near.slice(0, most).map(({ name }) => name)
}

/** A hint such as "did you mean `train`?", or nothing where no candidate is near. */
export const didYouMean = (written: string, candidates: Iterable<string>): string | undefined => {
  const names = similarNames(written, candidates).map((name) => `\`${name}\``)
  const last = names.pop()
  if (last === undefined) return undefined
  return `did you mean ${names.length === 0 ? last : `${names.join(", ")} or ${last}`}?`
}

const distanceTo = (wanted: string, name: string, allowed: number): number => {
  if (wanted === name) return 0
  if (wanted.length >= 3 && name.startsWith(wanted)) return allowed
  // Each missing letter costs one at least: most candidates end here.
  if (Math.abs(wanted.length - name.length) > allowed) return Number.POSITIVE_INFINITY
  return editDistance(wanted, name)
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other.
 *
 * @see Damerau 1964 and Lowrance & Wagner 1975: the unrestricted distance, which is a metric
 */
export const editDistance = (a: string, b: string): number => {
  const far = a.length + b.length
  const lastRowOf = new Map<string, number>()
  // Row and column 0 are a wall; row i + 1, column j + 1 is the distance of the first i and j letters.
  const rows: Array<Array<number>> = [Array.from({ length: b.length + 2 }, () => far)]
  rows.push([far, ...Array.from({ length: b.length + 1 }, (_, j) => j)])
  const at = (row: number, column: number): number => rows[row]?.[column] ?? far
  for (let i = 1; i <= a.length; i++) {
    const row = [far, i]
    rows.push(row)
    let lastColumn = 0
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapRow = lastRowOf.get(b[j - 1] ?? "") ?? 0
      const swap = at(swapRow, lastColumn) + (i - swapRow - 1) + 1 + (j - lastColumn - 1)
      row.push(Math.min(at(i, j) + (same ? 0 : 1), at(i + 1, j) + 1, at(i, j + 1) + 1, swap))
      if (same) lastColumn = j
    }
    lastRowOf.set(a[i - 1] ?? "", i)
  }
  return at(a.length + 1, b.length + 1)
}
