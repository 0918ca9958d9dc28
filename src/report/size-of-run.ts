/** How much of a study's size a run has, in the words of its pipeline. */
import type { Table } from "../artifact/kinds/table.ts"

export interface RunSize {
  /** The first part of the node's name where a run holds several studies; else empty. */
  readonly study: string
  /** `cut: 4 of 50 epochs`, perhaps after which data they are. */
  readonly text: string
}

/** Told by the tables of the stage `work-table`, whose titles are `Work; <size>`; no text of others. */
export const sizesOf = (
  tables: ReadonlyArray<{
    readonly node: { readonly name: string; readonly stage?: string }
    readonly value: Pick<Table, "title">
  }>
): ReadonlyArray<RunSize> =>
  tables.flatMap(({ node: { name, stage }, value: { title } }) => {
    const at = title.indexOf("; ")
    if (stage !== "work-table" || at === -1) return []
    return [{ study: name.includes("/") ? (name.split("/")[0] ?? "") : "", text: title.slice(at + 2) }]
  })

/** A title without the size, which is said once for all. */
export const withoutSize = (title: string, sizes: ReadonlyArray<RunSize>): string =>
  sizes.reduce((rest, { text }) => rest.replace(`; ${text}`, ""), title)

/** Whether a size says that the data were generated: its numbers say nothing of the study's. */
export const isGenerated = ({ text }: RunSize): boolean =>
  /\bgenerated (digits|figures) instead of\b/.test(text)
