/**
 * Panels in the order in which their data come.
 *
 * Vega-Lite would take a list of names, and make an expression of it. Data must not become expressions, so what it sorts by is a
 * number beside each name.
 */

/** Rows with the place of each field's value among that field's values. */
export const placed = <Row extends { readonly [field: string]: unknown }>(
  rows: ReadonlyArray<Row>,
  fields: ReadonlyArray<keyof Row & string>
): Array<Row & { readonly [place: string]: unknown }> => {
  const places = fields.map((field) => {
    const names = new Map([...new Set(rows.map((row) => row[field]))].map((name, place) => [name, place]))
    return [field, names] as const
  })
  return rows.map((row) => ({
    ...row,
    ...Object.fromEntries(places.map(([field, names]) => [placeOf(field), names.get(row[field])]))
  }))
}

/** A facet of a field that is {@link placed}. */
export const inOrder = (field: string) => ({
  field,
  type: "nominal" as const,
  title: null,
  sort: { field: placeOf(field), op: "min" as const, order: "ascending" as const }
})

const placeOf = (field: string): string => `place of ${field}`
