/**
 * JSON for machines, as `Schema.toCodecJson` would write it: NaN and infinities as text.
 *
 * It does without the schema, because a run may emit a million events and a command should start at once. A test holds
 * the two to each other.
 */

/** On one line. */
export const jsonLine = (value: unknown): string => JSON.stringify(value, finite)

/** Indented, for a result that people may read too. */
export const jsonText = (value: unknown): string => JSON.stringify(value, finite, 2)

const finite = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value
