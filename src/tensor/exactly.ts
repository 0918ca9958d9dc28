/** A record of which the compiler is to know that it has these names. */
export const exactly = <Name extends string, Value>(
  record: { readonly [name: string]: Value },
  names: ReadonlyArray<string>
): { readonly [name in Name]: Value } => {
  const hasNames = (each: typeof record): each is { readonly [name in Name]: Value } =>
    names.every((name) => Object.hasOwn(each, name))
  if (hasNames(record)) return record
  throw new Error(`there is no tensor \`${names.find((name) => !Object.hasOwn(record, name))}\``)
}
