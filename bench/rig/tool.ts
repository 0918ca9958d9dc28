/** A pipeline tool as the benchmarks use it: given a graph of trivial tasks, it runs them, or finds that it need not. */
import type { Graph } from "./graph.ts"

export interface Tool {
  /** With its version. */
  readonly name: string
  /** Writes a project for a graph and runs everything once. */
  prepare(graph: Graph): Prepared
}

export interface Prepared {
  /** One run in which nothing changed, in seconds. Throws where something ran all the same. */
  idle(): number
  /** One run in which every task runs, one at a time, in seconds. Throws where one did not. */
  all(): number
  remove(): void
}

/** Throws unless a run did what it was to do; a time of anything else would say nothing. */
export const expectCount = (what: string, found: number, wanted: number): void => {
  if (found !== wanted) throw new Error(`${what}: ${found}, where ${wanted} were expected`)
}
