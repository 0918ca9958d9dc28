/** The parts of a key that are only known when a node is about to run: inputs, environment, declared files. */
import { statSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Schema } from "effect"
import type { Canonical } from "../artifact/canonical.ts"
import type { Digest } from "../artifact/digest.ts"
import { isSystemError } from "../artifact/disk.ts"
import type { ElaboratedNode, ElaboratedStage } from "./elaboration.ts"
import type { InputDigests } from "./key.ts"
import { paramAt } from "./param-at.ts"
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

/** A stage with the params of one of its nodes. */
export interface StageWithParams {
  readonly stage: ElaboratedStage
  readonly params: Canonical
}

interface DeclaredFile {
  readonly path: string
  /** The param that names it. */
  readonly param?: string
}

const declaredFiles = ({ stage, params }: StageWithParams): ReadonlyArray<DeclaredFile> => {
  const { files = [], fileParams = [] } = stage.options
  const named = fileParams.flatMap((param) => {
    const path = paramAt(params, param)
    return typeof path === "string" ? [{ path, param }] : []
  })
  return [...files.map((path) => ({ path })), ...named]
}

/** A file that a stage declares and that cannot be read. */
export class DeclaredFileMissing extends Schema.TaggedError<DeclaredFileMissing>()("DeclaredFileMissing", {
  stage: Schema.String,
  path: Schema.String,
  code: Schema.String,
  /** The param that names it, and where it was looked for. */
  param: Schema.optionalKey(Schema.Struct({ name: Schema.String, place: Schema.String }))
}) {
  override get message() {
    const { stage, path, code, param } = this
    if (param === undefined)
      return `stage \`${stage}\` declares the file ${path}, which cannot be read (${code})`
    return `param \`${param.name}\` of stage \`${stage}\` names the file ${path}, which cannot be read (${code})`
  }
  get hint() {
    if (this.param === undefined)
      return "paths in `files` are relative to the project's root; create the file or correct the path"
    return `put the file at ${this.param.place}, or set the param to the name of another one`
  }
}

/** Reads declared files, each once as long as it does not change. */
export class DeclaredFiles {
  private readonly known = new Map<string, SourceFile>()
  private readonly root: string
  constructor(root: string) {
    this.root = root
  }

  /** Digests of a node's declared files as they are now. */
  digests(node: StageWithParams): Effect.Effect<{ readonly [path: string]: string }, DeclaredFileMissing> {
    return Effect.suspend(() => {
      const digests: Record<string, string> = {}
      for (const { path, param } of declaredFiles(node)) {
        const place = resolve(this.root, path)
        const named = param === undefined ? {} : { param: { name: param, place } }
        const missing = (code: string) =>
          new DeclaredFileMissing({ stage: node.stage.name, path, code, ...named })
        try {
          // A pipe would be waited for, and a device may never end.
          if (!statSync(place).isFile()) return missing("no regular file")
          digests[path] = this.read(place).content
        } catch (error) {
          if (!isSystemError(error)) throw error
          return missing(error.code)
        }
      }
      return Effect.succeed(digests)
    })
  }

  /** Stamps of a node's declared files, as of the last time that `digests` looked at them. */
  stamps(node: StageWithParams): string {
    return declaredFiles(node)
      .map(({ path }) => this.known.get(resolve(this.root, path))?.modified)
      .join("\n")
  }

  private read(path: string): SourceFile {
    const before = this.known.get(path)
    const source = (before === undefined ? undefined : recheckSource(before)) ?? readSource(path).source
    this.known.set(path, source)
    return source
  }
}
