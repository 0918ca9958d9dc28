/** Where things lie in a store. Nothing else builds a path in it. */
import { join } from "node:path"
import type { Digest } from "./digest.ts"

/** Raised when a store written by one version can no longer be read by another. */
export const storeFormat = 1

export interface StoreLayout {
  readonly root: string
  readonly format: string
  readonly scratch: string
  readonly leases: string
  readonly runs: string
  readonly memos: string
  readonly plans: string
  readonly code: string
  readonly cas: string
  readonly actions: string
  readonly checkpointRoot: string
  blob(digest: Digest): string
  action(key: Digest): string
  /** The directory of a family of checkpoints. */
  checkpoints(family: Digest): string
  plan(digest: Digest): string
}

export const storeLayout = (root: string): StoreLayout => {
  const cas = join(root, "cas", "sha256")
  const actions = join(root, "actions")
  const checkpointRoot = join(root, "checkpoints")
  const plans = join(root, "plans")
  return {
    root,
    format: join(root, "format.json"),
    scratch: join(root, "tmp"),
    leases: join(root, "leases"),
    runs: join(root, "runs"),
    memos: join(root, "memos"),
    plans,
    code: join(root, "code"),
    cas,
    actions,
    checkpointRoot,
    blob: (digest) => `${cas}/${digest.slice(0, 2)}/${digest.slice(2)}`,
    action: (key) => `${actions}/${key.slice(0, 2)}/${key.slice(2)}.json`,
    checkpoints: (family) => `${checkpointRoot}/${family}`,
    plan: (digest) => `${plans}/${digest}.json`
  }
}
