/**
 * The cache key: a digest over everything that may change a node's output, and nothing else.
 *
 * Raise `keyFormat` when anything here changes. The literal keys in `test/plan/key.test.ts` say when that is.
 */
import { type Canonical, digestOfCanonical } from "../artifact/canonical.ts"
import type { Digest } from "../artifact/digest.ts"
import { bundlerVersion } from "./bundle.ts"

export const keyFormat = 1

/** What is known of a node before anything has run. */
export interface FixedParts {
  readonly stage: string
  /** SHA-256 of the stage's bundle. */
  readonly code: string
  readonly packages: { readonly [name: string]: string }
  /** As the stage's schema encodes them. */
  readonly params: Canonical
}

/** What is known when a node's inputs are. */
export interface BoundParts {
  /** `fixedDigest` of the fixed parts. */
  readonly fixed: Digest
  /** Digests of artifacts, not keys of nodes: a node that reran to the same bytes changes nothing below it. */
  readonly inputs: InputDigests
  /** Declared environment variables; `null` for one that is not set. */
  readonly environment: { readonly [name: string]: string | null }
  /** Digests of declared files. */
  readonly files: { readonly [path: string]: string }
  /** What computes its tensors, where the user wants that to count. */
  readonly engine?: EngineIdentity
}

/** What an engine is to a strict key: everything that may round differently. */
export interface EngineIdentity {
  readonly name: string
  readonly device: string
  readonly versions: { readonly [name: string]: string }
}

export type InputDigests = {
  readonly [input: string]: Digest | ReadonlyArray<Digest> | { readonly [key: string]: Digest }
}

/** The digest of a node's fixed parts, computed once for a plan. */
export const fixedDigest = ({ stage, code, packages, params }: FixedParts): Digest =>
  digestOfCanonical({ format: keyFormat, bundler: bundlerVersion, stage, code, packages, params })

export const cacheKey = ({ fixed, inputs, environment, files, engine }: BoundParts): Digest =>
  digestOfCanonical({
    format: keyFormat,
    fixed,
    inputs,
    environment,
    files,
    ...(engine === undefined
      ? {}
      : { engine: { name: engine.name, device: engine.device, versions: engine.versions } })
  })
