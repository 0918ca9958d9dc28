/** A pipeline as data: everything that a plan and a run need to know of it without loading its code. */
import type { Canonical } from "../artifact/canonical.ts"
import type { Digest } from "../artifact/digest.ts"
import type { Built, StageUse } from "../worker/protocol.ts"
import type { PackageImports } from "./bundle.ts"
import type { Wiring } from "./order.ts"
import type { SourceFile } from "./source-files.ts"

export interface ElaboratedStage {
  readonly name: string
  readonly kind: string
  readonly inputs: { readonly [input: string]: string }
  readonly options: StageUse["options"]
  /** SHA-256 of its bundle, which lies in the store under that name. */
  readonly code: string
  readonly modules: { readonly [path: string]: string }
  readonly packages: { readonly [name: string]: string }
  /** Where the packages that it imports are resolved from. */
  readonly imports: PackageImports
}

export interface ElaboratedNode {
  readonly name: string
  /** Index into `stages`. */
  readonly stage: number
  readonly params: Canonical
  readonly inputs: Wiring
  /** Digest of the parts of its key that no run changes. */
  readonly fixed: Digest
}

export interface Elaboration {
  readonly pipeline: string
  readonly description: string
  readonly remarks: Built["remarks"]
  readonly preset: string
  readonly presets: ReadonlyArray<string>
  readonly params: Canonical
  readonly stages: ReadonlyArray<ElaboratedStage>
  /** In topological order. */
  readonly nodes: ReadonlyArray<ElaboratedNode>
  /** Digest of the plan as the store keeps it. */
  readonly plan: Digest
  /** All files it was made from. */
  readonly files: ReadonlyArray<SourceFile>
  /** Links on the way to these files, and where they led. */
  readonly links: ReadonlyArray<readonly [path: string, target: string]>
}

/** What was asked for. */
export interface Selection {
  readonly pipeline: string
  readonly preset: string | null
  readonly sets: ReadonlyArray<readonly [path: string, text: string]>
}
