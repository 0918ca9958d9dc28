/** The parts of a key that are only known when a node is about to run: inputs, environment, declared files. */
import { join } from "node:path"
import { Effect, Schema } from "effect"
import type { Digest } from "../artifact/digest.ts"
import { isSystemError } from "../artifact/disk.ts"
import type { ElaboratedNode, ElaboratedStage } from "./elaboration.ts"
import type { InputDigests } from "./key.ts"
import { readSource, recheckSource, type SourceFile } from "./source-files.ts"

/** The digests at a node's inputs, or `undefined` while one of them is not known. */
export const inputDigests = (
  node: ElaboratedNode,
  digestOf: (node: string) => Digest | undefined
): InputDigests | undefined => {
  const inputs: Record<string, InputDigests[string]> = {}
  for (const [input, wire] of Object.entries(node.inputs)) {
    if (typeof wire === "string") {
      const digest = digestOf(wire)
      if (digest === undefined) return undefined
      inputs[input] = digest
      continue
    }
    const found = Object.entries(wire).map(([key, name]) => [key, digestOf(name)] as const)
    const known = found.flatMap(([key, digest]) => (digest === undefined ? [] : [[key, digest] as const]))
    if (known.length < found.length) return undefined
    inputs[input] = Array.isArray(wire) ? known.map(([, digest]) => digest) : Object.fromEntries(known)
  }
  return inputs
}

/** The declared environment variables of a stage. */
export const environmentOf = (
  stage: ElaboratedStage,
  environment: NodeJS.ProcessEnv
): { readonly [name: string]: string | null } =>
  Object.fromEntries((stage.options.environment ?? []).map((name) => [name, environment[name] ?? null]))

/** A file that a stage declares and that cannot be read. */
export class DeclaredFileMissing extends Schema.TaggedError<DeclaredFileMissing>()("DeclaredFileMissing", {
  stage: Schema.String,
  path: Schema.String,
  code: Schema.String
}) {
  override get message() {
    return `stage \`${this.stage}\` declares the file ${this.path}, which cannot be read (${this.code})`
  }
  get hint() {
    return "paths in `files` are relative to the project's root; create the file or correct the path"
  }
}

/** Reads declared files, each once as long as it does not change. */
export class DeclaredFiles {
  private readonly known = new Map<string, SourceFile>()
  private readonly root: string
  constructor(root: string) {
    this.root = root
  }

  /** Digests of a stage's declared files as they are now. */
  digests(stage: ElaboratedStage): Effect.Effect<{ readonly [path: string]: string }, DeclaredFileMissing> {
    return Effect.suspend(() => {
      const digests: Record<string, string> = {}
      for (const path of stage.options.files ?? []) {
        try {
          digests[path] = this.read(join(this.root, path)).content
        } catch (error) {
          if (!isSystemError(error)) throw error
          return new DeclaredFileMissing({ stage: stage.name, path, code: error.code })
        }
      }
      return Effect.succeed(digests)
    })
  }

  /** Stamps of a stage's declared files, as of the last time that `digests` looked at them. */
  stamps(stage: ElaboratedStage): string {
    return (stage.options.files ?? [])
      .map((path) => this.known.get(join(this.root, path))?.modified)
      .join("\n")
  }

  private read(path: string): SourceFile {
    const before = this.known.get(path)
    const source = (before === undefined ? undefined : recheckSource(before)) ?? readSource(path).source
    this.known.set(path, source)
    return source
  }
}
