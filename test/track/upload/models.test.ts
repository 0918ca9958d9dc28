/** Models of runs in the registry, in whatever order the runs are sent, and parts that a server does not take. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import { Artifacts } from "../../../src/artifact/artifacts.ts"
import { type Digest, digestOf } from "../../../src/artifact/digest.ts"
import { Model } from "../../../src/artifact/kinds/model.ts"
import type { Event } from "../../../src/track/event.ts"
import { MlflowInvalid, MlflowUnsupported } from "../../../src/track/mlflow/client.ts"
import type { PlanFile } from "../../../src/track/plan-file.ts"
import { cursorsOf } from "../../../src/track/upload/cursor.ts"
import type { Report } from "../../../src/track/upload/report.ts"
import { realDisk } from "../../rig/faulty-disk.ts"
import { dataset, saying, writeDataset } from "../content/store.ts"
import { ModelServer } from "./model-server.ts"
import { eventsOf } from "./stories.ts"
import { makeUploadLabOf, type UploadLab } from "./upload-lab.ts"

const plan: PlanFile = {
  pipeline: "study",
  description: "A study",
  preset: "demo",
  params: {},
  stages: [
    { name: "draw", kind: "Dataset", code: "c1", modules: {}, packages: {} },
    { name: "train", kind: "Model", code: "c2", modules: {}, packages: {} }
  ],
  nodes: [
    { name: "digits", stage: "draw", kind: "Dataset", params: {}, inputs: {} },
    { name: "baseline", stage: "train", kind: "Model", params: { epochs: 3 }, inputs: { data: "digits" } }
  ]
}

interface Digests {
  readonly digits: Digest
  readonly baseline: Digest
}

const key = digestOf("key")
const registrations = [{ node: "baseline", model: "digits", alias: "champion" }]

/** A run, `hour` hours after the first, that computes or finds its nodes. */
const journalOf = (
  id: string,
  hour: number,
  { digits, baseline }: Digests,
  { isCached = false, continues }: { readonly isCached?: boolean; readonly continues?: string } = {}
): ReadonlyArray<Event> => {
  let at = 1_700_000_000_000 + hour * 3_600_000
  const [started] = eventsOf({ nodes: [], end: "done", torn: "" }, 0)
  if (started?._tag !== "RunStarted") throw new Error("a run starts")
  const took = { key, seconds: 1, metrics: {} }
  const nodeEvents = [
    ["digits", digits],
    ["baseline", baseline]
  ] as const
  return [
    {
      ...started,
      at: at++,
      id,
      ...(continues === undefined ? {} : { continues: { run: continues, first: continues } })
    },
    ...nodeEvents.flatMap(
      ([node, digest]): ReadonlyArray<Event> =>
        isCached
          ? [{ _tag: "NodeCached", at: at++, node, digest, ...took, key: digestOf(digest) }]
          : [
              {
                _tag: "NodeStarted",
                at: at++,
                node,
                key: digestOf(digest),
                reason: "new",
                attempt: 1,
                pid: 1
              },
              {
                ...{ _tag: "NodeFinished", at: at++, node, digest, ...took, key: digestOf(digest) },
                ...{ bytes: 3, unchanged: false }
              }
            ]
    ),
    { _tag: "RunFinished", at: at++, status: "done", seconds: 1 }
  ]
}

const writeModel = (label: number) =>
  Effect.flatMap(Artifacts, (artifacts) => artifacts.write(Model, saying(label)))

const makeLab = Effect.gen(function* () {
  const lab = yield* makeUploadLabOf(plan)
  const digits = yield* lab.keep(writeDataset(dataset(4)))
  const model = new ModelServer()
  return {
    lab,
    model,
    digests: {
      digits,
      one: { digits, baseline: yield* lab.keep(writeModel(1)) },
      two: { digits, baseline: yield* lab.keep(writeModel(2)) }
    }
  }
})

/** Sends a run; gives back what it warned of. */
const send = Effect.fnUntraced(function* (
  lab: UploadLab,
  model: ModelServer,
  id: string,
  wanted: typeof registrations | undefined = registrations
) {
  const reports: Array<Report> = []
  const exit = yield* lab.upload(id, model.client(), {
    report: (each) => reports.push(each),
    ...(wanted === undefined ? {} : { registrations: wanted })
  })
  assert.isTrue(Exit.isSuccess(exit), String(exit))
  return reports.flatMap((each) => (each._tag === "Warning" ? [each.message] : []))
})

const champion = ({ aliases }: ModelServer) => aliases.get("digits@champion")

const test = <E>(name: string, body: () => Effect.Effect<void, E, never>) =>
  it.live(name, () => Effect.provide(body(), TestClock.layer()))

describe("a registered model", () => {
  test("of an older run that is sent later becomes a version and leaves the alias", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        yield* lab.write("r1", journalOf("r1", 0, digests.one))
        yield* lab.write("r2", journalOf("r2", 1, digests.two))
        assert.deepStrictEqual(yield* send(lab, model, "r2"), [])
        assert.strictEqual(champion(model), "1")
        const [note, ...others] = yield* send(lab, model, "r1")
        assert.match(
          note ?? "",
          /alias `champion` of model `digits` stays at version 1.*version 2 is registered/
        )
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual([model.versions.length, champion(model)], [2, "1"])
      })
    ))

  test("of a newer run takes the alias; sent once more, it leaves it where somebody put it since", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        yield* lab.write("r1", journalOf("r1", 0, digests.one))
        yield* lab.write("r2", journalOf("r2", 1, digests.two))
        yield* send(lab, model, "r1")
        yield* send(lab, model, "r2")
        assert.strictEqual(champion(model), "2")
        model.aliases.set("digits@champion", "1")
        lab.forget("r2")
        yield* send(lab, model, "r2")
        assert.deepStrictEqual([model.versions.length, champion(model)], [2, "1"])
      })
    ))

  test("of somebody else is as old as its version", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        const other = { name: "digits", version: "1", modelId: "", runId: "", tags: {} }
        model.versions.push({ ...other, createdAt: 1_700_000_000_000 + 3_600_000 })
        model.aliases.set("digits@champion", "1")
        yield* lab.write("r1", journalOf("r1", 0, digests.one))
        yield* lab.write("r2", journalOf("r2", 2, digests.two))
        yield* send(lab, model, "r1")
        assert.strictEqual(champion(model), "1")
        yield* send(lab, model, "r2")
        assert.strictEqual(champion(model), "3")
      })
    ))

  test("that is found in the cache is the one that its run logged, and takes the alias", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        yield* lab.write("r1", journalOf("r1", 0, digests.one))
        yield* lab.write("r2", journalOf("r2", 1, digests.two))
        yield* lab.write("r3", journalOf("r3", 2, digests.one, { isCached: true }))
        yield* send(lab, model, "r1", [])
        yield* send(lab, model, "r2")
        assert.deepStrictEqual(
          model.versions.map(({ modelId }) => modelId),
          ["m-1"]
        )
        yield* send(lab, model, "r3")
        const [, version] = model.versions
        const trained = model.models[0]?.runId ?? "none"
        assert.deepInclude(version, { version: "2", modelId: "m-0", runId: trained })
        assert.deepStrictEqual([model.models.length, champion(model)], [2, "2"])
      })
    ))

  test("is as new as the newest run that has it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        yield* lab.write("r1", journalOf("r1", 0, digests.one))
        yield* lab.write("r2", journalOf("r2", 1, digests.two))
        yield* lab.write("r3", journalOf("r3", 2, digests.one, { isCached: true }))
        yield* send(lab, model, "r1")
        yield* send(lab, model, "r3")
        yield* send(lab, model, "r2")
        assert.deepStrictEqual([model.versions.length, champion(model)], [2, "1"])
      })
    ))

  test("that its own run computed before it was taken up is registered when that is asked then", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        const first = journalOf("r1", 0, digests.one).slice(0, -1)
        yield* lab.write("r1", [
          ...first,
          { _tag: "RunFinished", at: 1_700_000_000_900, status: "failed", seconds: 1 }
        ])
        yield* send(lab, model, "r1", [])
        yield* lab.write("r2", journalOf("r2", 1, digests.one, { isCached: true, continues: "r1" }))
        yield* send(lab, model, "r2")
        assert.deepStrictEqual(
          model.versions.map(({ modelId }) => modelId),
          ["m-0"]
        )
        assert.strictEqual(model.models.length, 1)
        const child = model.runs.find(({ name }) => name === "baseline")
        assert.isFalse(child?.tags.has("advpipe.computed_by"))
      })
    ))

  test("that no run logged is logged by the one that found it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        yield* lab.write("r1", journalOf("r1", 0, digests.one))
        yield* lab.write("r2", journalOf("r2", 1, digests.one, { isCached: true }))
        model.refuses = (path) => (path.includes("MLmodel") ? invalid(path) : undefined)
        const warnings = yield* send(lab, model, "r1")
        assert.match(warnings.join(), /`baseline`: its model: .*MLmodel/)
        assert.deepStrictEqual([model.models[0]?.status, model.versions.length], ["failed", 0])
        model.refuses = () => undefined
        yield* send(lab, model, "r2")
        assert.deepStrictEqual(
          model.models.map(({ status }) => status),
          ["failed", "ready"]
        )
        assert.strictEqual(champion(model), "1")
      })
    ))
})

const invalid = (path: string) =>
  new MlflowInvalid({ server: "http://model", action: `upload ${path}`, code: "", reason: "no such name" })

const unsupported = (path: string) =>
  new MlflowUnsupported({
    server: "http://model",
    action: `upload ${path}`,
    reason: "the server takes no files",
    cure: "start it otherwise"
  })

describe("a server that takes no files", () => {
  test("gets everything else; when it does, `track sync` sends the files and no more", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        yield* lab.write("r1", journalOf("r1", 0, digests.one))
        model.refuses = unsupported
        const warnings = yield* send(lab, model, "r1")
        const inputs = () => model.runs.map(({ name, inputs }) => [name, inputs.size])
        const files = () => model.runs.reduce((sum, { files }) => sum + files.size, 0)
        assert.includeDeepMembers(inputs(), [
          ["digits", 1],
          ["baseline", 1]
        ])
        assert.match(
          model.runs.find(({ name }) => name === "digits")?.tags.get("mlflow.note.content") ?? "",
          /4 images/
        )
        assert.isFalse(model.runs.some(({ tags }) => tags.has("mlflow.loggedImages")))
        assert.strictEqual(files(), 0)
        for (const part of [/`digits`: .*png/, /`baseline`: its model/, /the run: .*plan\.json/])
          assert.isTrue(
            warnings.some((each) => part.test(each) && each.includes("start it otherwise")),
            String(part)
          )

        const [before] = cursorsOf(realDisk, lab.layout, "r1")
        assert.isTrue(before?.complete)
        assert.strictEqual(before?.missing?.length, 3)
        assert.deepStrictEqual(before?.refused, [])
        // It is tried again, and told again.
        assert.strictEqual((yield* send(lab, model, "r1")).length, warnings.length)

        model.refuses = () => undefined
        assert.deepStrictEqual(yield* send(lab, model, "r1"), [])
        const [after] = cursorsOf(realDisk, lab.layout, "r1")
        assert.deepStrictEqual(after?.missing, [])
        assert.isAbove(files(), 3)
        assert.isTrue(model.runs.some(({ tags }) => tags.has("mlflow.loggedImages")))
        assert.deepStrictEqual(
          model.models.map(({ status }) => status),
          ["ready"]
        )
        assert.strictEqual(champion(model), "1")
        assert.strictEqual(model.runs.length, 3)
      })
    ))

  test("gets the files of a run that was taken up with those of the run that took it up", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        const first = journalOf("r1", 0, digests.one).slice(0, -1)
        yield* lab.write("r1", [
          ...first,
          { _tag: "RunFinished", at: 1_700_000_000_900, status: "failed", seconds: 1 }
        ])
        model.refuses = unsupported
        yield* send(lab, model, "r1")
        yield* lab.write("r2", journalOf("r2", 1, digests.one, { isCached: true, continues: "r1" }))
        const over = Deferred.makeUnsafe<void>()
        yield* Deferred.succeed(over, undefined)
        yield* lab.upload("r2", model.client(), { registrations, follow: { over } })
        model.refuses = () => undefined
        yield* send(lab, model, "r2")
        assert.deepStrictEqual(
          model.models.map(({ status }) => status),
          ["ready"]
        )
        assert.strictEqual(champion(model), "1")
        const digits = model.runs.find(({ name }) => name === "digits")
        assert.isAbove(digits?.files.size ?? 0, 0)
        const whole = model.runs.map(({ files }) => [...files].toSorted())
        for (const id of ["r1", "r2"])
          assert.deepStrictEqual(cursorsOf(realDisk, lab.layout, id)[0]?.missing, [])
        // The first one has nothing to say any more of the run as a whole.
        yield* send(lab, model, "r1")
        assert.deepStrictEqual(
          model.runs.map(({ files }) => [...files].toSorted()),
          whole
        )
      })
    ))

  test("refuses one file: the others are there, and it is named once and for all", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { lab, model, digests } = yield* makeLab
        yield* lab.write("r1", journalOf("r1", 0, digests.one))
        model.refuses = (path) => (path === "graph.svg" ? invalid(path) : undefined)
        assert.match((yield* send(lab, model, "r1")).join("\n"), /^the run: graph\.svg: .*no such name$/)
        const [cursor] = cursorsOf(realDisk, lab.layout, "r1")
        assert.strictEqual(cursor?.refused.length, 1)
        assert.deepStrictEqual(cursor?.missing, [])
        const root = model.runs.find(({ files }) => files.has("plan.json"))
        assert.isFalse(root?.files.has("graph.svg"))
        assert.deepStrictEqual(
          model.models.map(({ status }) => status),
          ["ready"]
        )
      })
    ))
})
