/**
 * Turns a pipeline's name and arguments into data.
 *
 * The first time, the pipeline is bundled and built in a worker, and every stage it uses is bundled for its key. The
 * result is remembered with the files it was made from; as long as none of them changes, nothing is bundled or loaded.
 */
import { existsSync, realpathSync } from "node:fs"
import { Effect, Schema } from "effect"
import { digestOfCanonical } from "../artifact/canonical.ts"
import { withoutSourceMap, withSourceMap } from "../artifact/code-file.ts"
import { digestOf } from "../artifact/digest.ts"
import { Disk, readText, writeAtomically } from "../artifact/disk.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import { readSealed, writeSealed } from "../artifact/sealed-file.ts"
import { onDisk } from "../artifact/store-fault.ts"
import type { PlannedNode } from "../track/event.ts"
import { encodePlan } from "../track/plan-file.ts"
import type { Built, CodeRef, StageUse } from "../worker/protocol.ts"
import { Workers } from "../worker/workers.ts"
import { type Bundle, bundle, bundlerVersion, type PackageImports } from "./bundle.ts"
import type { ElaboratedStage, Elaboration, Selection } from "./elaboration.ts"
import { checkHermetic } from "./hermetic.ts"
import { fixedDigest, keyFormat } from "./key.ts"
import { topologicalOrder } from "./order.ts"
import { findPipeline, type PipelineFile, type Project } from "./project.ts"
import { recheckSource, type SourceFile } from "./source-files.ts"

/** Raised when what is remembered changes its form. */
const seal = `elaboration-4-${keyFormat}-${bundlerVersion.replace(" ", "-")}`

/** What is remembered of the selection, or a new elaboration. */
export const elaborate = Effect.fnUntraced(function* (
  project: Project,
  layout: StoreLayout,
  selection: Selection
) {
  const file = yield* findPipeline(project, selection.pipeline)
  const disk = yield* Disk
  const memo = memoPath(layout, file, selection)
  const remembered = yield* onDisk("read", memo, () => readMemo(disk, layout, memo))
  if (remembered !== undefined) {
    const files = yield* onDisk("look at", file.path, () => recheckAll(remembered.files))
    // Code that cannot be read is as good as gone: it is made again.
    const isWhole = yield* onDisk("read the code in", layout.code, () =>
      hasCode(disk, layout, remembered)
    ).pipe(Effect.orElseSucceed(() => false))
    if (files !== undefined && isWhole && remembered.links.every(leadsThere)) {
      yield* Effect.ignore(onDisk("touch", layout.code, () => makeYoung(disk, layout, remembered)))
      // New stamps are worth remembering: they save reading the files next time.
      const current = { ...remembered, files }
      if (files.some((source, index) => source !== remembered.files[index]))
        yield* remember(layout, memo, current)
      return current
    }
  }
  const made = yield* elaborateAnew(project, layout, file, selection)
  yield* remember(layout, memo, made)
  return made
})

const memoPath = (layout: StoreLayout, file: PipelineFile, { preset, sets }: Selection): string =>
  `${layout.memos}/${digestOfCanonical([file.path, preset, sets])}.json`

const remember = Effect.fnUntraced(function* (layout: StoreLayout, path: string, elaboration: Elaboration) {
  const disk = yield* Disk
  // It only saves time: a store that takes no more is for the run to complain about.
  yield* Effect.ignore(onDisk("write", path, () => writeSealed(disk, layout, path, seal, elaboration)))
})

/** The elaboration in a memo; nothing where it is none, or one of another version. */
export const readMemo = (
  disk: Disk["Service"],
  layout: StoreLayout,
  path: string
): Elaboration | undefined => {
  const found = readSealed(disk, layout, path, seal)
  return isElaboration(found) ? found : undefined
}

const isElaboration = (value: unknown): value is Elaboration =>
  typeof value === "object" && value !== null && "files" in value && "nodes" in value

/** Whether a link still leads where it led. */
const leadsThere = ([path, target]: readonly [string, string]): boolean =>
  existsSync(path) && realpathSync(path) === target

const recheckAll = (files: ReadonlyArray<SourceFile>): ReadonlyArray<SourceFile> | undefined => {
  const current: Array<SourceFile> = []
  for (const file of files) {
    const source = recheckSource(file)
    if (source === undefined) return undefined
    current.push(source)
  }
  return current
}

const codePath = (layout: StoreLayout, hash: string): string => `${layout.code}/${hash}.mjs`

/** Whether plan and code are there and are what their names say. Their links into the store's outside are not followed. */
const hasCode = (disk: Disk["Service"], layout: StoreLayout, { stages, plan }: Elaboration): boolean =>
  textDigest(disk, layout.plan(plan), (text) => text) === plan &&
  stages.every(({ code }) => textDigest(disk, codePath(layout, code), withoutSourceMap) === code)

const textDigest = (
  disk: Disk["Service"],
  path: string,
  hashed: (text: string) => string
): string | undefined => {
  const text = readText(disk, path)
  return text === undefined ? undefined : digestOf(hashed(text))
}

/** Nobody knows of a run yet that needs them: a garbage collection must see that somebody does. */
const makeYoung = (disk: Disk["Service"], layout: StoreLayout, { stages, plan }: Elaboration): void => {
  disk.protect(layout.plan(plan))
  for (const { code } of stages) disk.protect(codePath(layout, code))
}

const elaborateAnew = Effect.fnUntraced(function* (
  project: Project,
  layout: StoreLayout,
  file: PipelineFile,
  selection: Selection
) {
  for (let attempt = 1; ; attempt++) {
    const made = yield* elaborateOnce(project, layout, file, selection)
    if (made !== undefined) return made
    if (attempt === 5) return yield* new FilesInMotion({ pipeline: file.name })
  }
})

/** Source files kept changing while they were read. */
export class FilesInMotion extends Schema.TaggedError<FilesInMotion>()("FilesInMotion", {
  pipeline: Schema.String
}) {
  override get message() {
    return `${this.pipeline}: its source files change faster than they can be read`
  }
  get hint() {
    return "wait until whatever writes them has finished, then run the command again"
  }
}

/** `undefined` where a file changed between two of the bundles, so that they do not belong together. */
const elaborateOnce = Effect.fnUntraced(function* (
  project: Project,
  layout: StoreLayout,
  file: PipelineFile,
  selection: Selection
) {
  const code = yield* bundlePipeline(project, file)
  const path = yield* storeCode(layout, code)
  const built = yield* build(selection, { path, imports: code.imports })
  const stages = yield* Effect.forEach(
    built.stages,
    (use) => elaborateStage(project, layout, code.imports, use),
    {
      concurrency: 8
    }
  )
  const bundles = [code, ...stages.map((stage) => stage.code)]
  const files = mergeFiles(bundles)
  if (files === undefined) return undefined
  const elaboration = yield* assemble(
    built,
    stages.map(({ stage }) => stage),
    files
  )
  const links = new Map(bundles.flatMap((each) => each.links))
  return yield* withPlan(layout, { ...elaboration, links: [...links] })
})

const build = Effect.fnUntraced(function* ({ pipeline, preset, sets }: Selection, code: CodeRef) {
  const workers = yield* Workers
  const silent = { started: () => {}, note: () => {} }
  const reply = yield* workers.run(
    `pipelines/${pipeline}`,
    { _tag: "Elaborate", code, pipeline, preset, sets },
    silent
  )
  if (reply._tag === "Elaborated") return reply.built
  return yield* Effect.die(new Error(`a worker answered Elaborate with ${reply._tag}`))
})

const mergeFiles = (bundles: ReadonlyArray<Bundle>): ReadonlyArray<SourceFile> | undefined => {
  const files = new Map<string, SourceFile>()
  for (const file of bundles.flatMap((each) => each.files)) {
    const known = files.get(file.path)
    if (known !== undefined && known.content !== file.content) return undefined
    files.set(file.path, file)
  }
  return [...files.values()]
}

/** A file without a default export is no mistake of the bundler's: the worker says what is wrong with it. */
const exposePipeline = (path: string): string =>
  `import * as file from ${JSON.stringify(path)}\nexport const pipeline = file.default`

/** The bundle that a worker builds the pipeline from; it exposes every module, so that stages can be found by export. */
const bundlePipeline = Effect.fnUntraced(function* (project: Project, file: PipelineFile) {
  const what = `pipelines/${file.name}`
  const entry = exposePipeline(file.path)
  const first = yield* bundle({ entry, what, ...project })
  // What `build` returns is remembered, so it too must depend on nothing else. Files are for each stage to declare.
  yield* checkHermetic(`pipelines/${file.name}`, first, true)
  const modules = first.files.map(({ path }) => path).filter((path) => !path.endsWith("package.json"))
  // No stage comes from a package that `build` could not have loaded.
  const packages = Object.keys(first.imports).filter((name) => !first.lazy.has(name))
  const exposed = [
    entry,
    ...modules.map((path, index) => `import * as m${index} from ${JSON.stringify(path)}`),
    `export const modules = { ${modules.map((path, index) => `${JSON.stringify(path)}: m${index}`).join(", ")} }`,
    ...packages.map((name, index) => `import * as p${index} from ${JSON.stringify(name)}`),
    `export const packages = { ${packages.map((name, index) => `${JSON.stringify(name)}: p${index}`).join(", ")} }`
  ].join("\n")
  return yield* bundle({ entry: exposed, imports: first.imports, what, ...project })
})

/** What a pipeline's file, or some stages' files, say of themselves. Nothing of it is remembered. */
export const describe = Effect.fnUntraced(function* (
  project: Project,
  layout: StoreLayout,
  what: string,
  files: { readonly pipeline?: string; readonly stages: ReadonlyArray<string> }
) {
  const { pipeline, stages } = files
  const entry = [
    ...(pipeline === undefined ? [] : [exposePipeline(pipeline)]),
    ...stages.map((path, index) => `import * as m${index} from ${JSON.stringify(path)}`),
    `export const modules = { ${stages.map((path, index) => `${JSON.stringify(path)}: m${index}`).join(", ")} }`
  ].join("\n")
  const code = yield* bundle({ entry, what, ...project })
  const path = yield* storeCode(layout, code)
  const workers = yield* Workers
  const silent = { started: () => {}, note: () => {} }
  const reply = yield* workers.run(
    what,
    { _tag: "Describe", code: { path, imports: code.imports }, what },
    silent
  )
  if (reply._tag === "Described") return reply
  return yield* Effect.die(new Error(`a worker answered Describe with ${reply._tag}`))
})

const elaborateStage = Effect.fnUntraced(function* (
  project: Project,
  layout: StoreLayout,
  imports: PackageImports,
  use: StageUse
) {
  const entry = `export { ${use.export} as default } from ${JSON.stringify(use.module)}`
  const code = yield* bundle({ entry, imports, what: `stage ${use.name}`, ...project })
  const { files = [], fileParams = [] } = use.options
  yield* checkHermetic(use.name, code, files.length + fileParams.length > 0)
  yield* storeCode(layout, code)
  const stage: ElaboratedStage = {
    name: use.name,
    kind: use.kind,
    inputs: use.inputs,
    options: use.options,
    code: code.hash,
    modules: code.modules,
    packages: code.packages,
    imports: code.imports
  }
  return { stage, code }
})

const assemble = Effect.fnUntraced(function* (
  built: Built,
  stages: ReadonlyArray<ElaboratedStage>,
  files: ReadonlyArray<SourceFile>
) {
  const nodes = yield* topologicalOrder(built.pipeline, built.nodes)
  return {
    pipeline: built.pipeline,
    description: built.description,
    remarks: built.remarks,
    preset: built.preset,
    presets: built.presets,
    params: built.params,
    stages,
    files,
    nodes: nodes.flatMap((node) => {
      const stage = stages[node.stage]
      if (stage === undefined) return []
      const fixed = fixedDigest({
        stage: stage.name,
        code: stage.code,
        packages: stage.packages,
        params: node.params
      })
      return [{ ...node, fixed }]
    })
  }
})

/** Stores the plan as a run will show it, and names it in the elaboration. */
const withPlan = Effect.fnUntraced(function* (layout: StoreLayout, elaboration: Omit<Elaboration, "plan">) {
  const disk = yield* Disk
  const { pipeline, description, preset, params, stages } = elaboration
  const nodes = elaboration.nodes.map(({ name, stage, params, inputs }): PlannedNode => {
    const { name: stageName = "", kind = "" } = stages[stage] ?? {}
    return { name, stage: stageName, kind, params, inputs }
  })
  const text = encodePlan({ pipeline, description, preset, params, stages, nodes })
  const plan = digestOf(text)
  const path = layout.plan(plan)
  yield* onDisk("write", path, () => {
    disk.makeDirectory(layout.scratch)
    keepYoung(disk, layout, path, Buffer.from(text))
  })
  return { ...elaboration, plan } satisfies Elaboration
})

/** Puts a bundle where workers load it from, with its source map beside it, and returns its path. */
const storeCode = Effect.fnUntraced(function* (layout: StoreLayout, code: Bundle) {
  const disk = yield* Disk
  const path = codePath(layout, code.hash)
  // The comment is no part of the hash: a map changes whenever a line moves.
  const text = Buffer.from(withSourceMap(code.code, code.hash))
  yield* onDisk("write", path, () => {
    disk.makeDirectory(layout.scratch)
    keepYoung(disk, layout, path, text)
    keepYoung(disk, layout, `${path}.map`, Buffer.from(code.map))
  })
  return path
})

/** Writes what is not there. What is, a garbage collection must see that somebody is about to need. */
const keepYoung = (disk: Disk["Service"], layout: StoreLayout, path: string, bytes: Uint8Array): void => {
  const isThere = disk.stamp(path)?.size === bytes.length && Buffer.compare(disk.readFile(path), bytes) === 0
  if (isThere) disk.protect(path)
  else writeAtomically(disk, layout.scratch, path, bytes)
}

/** The code of a stage, as a worker is told to load it. */
export const codeRefOf = (layout: StoreLayout, stage: ElaboratedStage): CodeRef => ({
  path: codePath(layout, stage.code),
  imports: stage.imports
})
