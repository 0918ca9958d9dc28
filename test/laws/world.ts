/**
 * A model of a project, and of what a perfect cache would do with it.
 *
 * Nodes add numbers: a param, a constant of their stage, the helpers that the stage calls, and their inputs, modulo a small
 * number, so that different inputs often give equal outputs. The model computes every value itself and keeps a set of all
 * that was ever computed; a node must run exactly if its cause is not in that set.
 */
import type { Lab } from "../rig/lab.ts"
import { vocabulary } from "../rig/lab.ts"

export interface WorldNode {
  readonly name: string
  readonly stage: number
  readonly a: number
  /** Indices of earlier nodes. */
  readonly inputs: ReadonlyArray<number>
}

export interface World {
  /** Constants in the helpers' code. All helpers stand in one file. */
  readonly helpers: ReadonlyArray<number>
  readonly stages: ReadonlyArray<{
    readonly constant: number
    readonly modulus: number
    readonly uses: ReadonlyArray<number>
  }>
  readonly nodes: ReadonlyArray<WorldNode>
  /** What changes nothing: how often a comment was added, and what the helpers' file is called. */
  readonly cosmetic: number
  readonly helperFile: string
}

/** A param with which a stage fails. */
export const failing = 13

export const writeWorld = (lab: Lab, world: World): void => {
  const remark = world.cosmetic === 0 ? "" : `// remark ${world.cosmetic}\n\n`
  const type = world.cosmetic % 2 === 0 ? "number" : "number & {}"
  lab.write(
    `lib/${world.helperFile}.ts`,
    world.helpers
      .map((c, j) => `${remark}export const h${j} = (x: ${type}): number => (x * 7 + ${c}) % 1000\n`)
      .join("")
  )
  world.stages.forEach((stage, s) => {
    const imports = stage.uses.map((j) => `h${j}`).join(", ")
    const calls = stage.uses.map((j) => ` + h${j}(a)`).join("")
    lab.write(
      `stages/s${s}.ts`,
      `${vocabulary}${remark}
${imports === "" ? "" : `import { ${imports} } from "../lib/${world.helperFile}.ts"`}
export const s${s} = Stage.make("s${s}", {
  inputs: { all: Stage.list(Table) }, params: Schema.Struct({ a: Schema.Int }), output: Table,
  *run({ all }, { a }) {${world.cosmetic % 3 === 1 ? "\n\n    /* wide */" : ""}
    if (a === ${failing}) return yield* Effect.fail({ _tag: "Thirteen", message: "thirteen" })
    const sum = all.reduce((total: ${type}, table) => total + Number(table.rows[0]?.[0]), 0)
    return { title: "t", columns: [{ name: "n", type: "number" }], rows: [[(a + ${stage.constant}${calls} + sum) % ${stage.modulus}]] }
  }
})
`
    )
  })
  lab.write(
    "pipelines/lab.ts",
    `${vocabulary}${remark}
${world.stages.map((_, s) => `import { s${s} } from "../stages/s${s}.ts"`).join("\n")}
export default Pipeline.make("lab", {
  description: "", params: Schema.Struct({}), presets: { demo: {} }, defaultPreset: "demo",
  build: () => {
${world.nodes.map((node, i) => `    const n${i} = s${node.stage}({ all: [${node.inputs.map((j) => `n${j}`).join(", ")}] }, { a: ${node.a} })`).join("\n")}
    return { ${world.nodes.map((node, i) => `${JSON.stringify(node.name)}: n${i}`).join(", ")} }
  }
})
`
  )
}

/** What must become of a node, seen from its cause: everything that may change its output. */
export interface Expected {
  readonly name: string
  /** Equal for two nodes exactly if they are to share one result. */
  readonly cause: string
  /** Absent where the node fails or depends on one that does. */
  readonly value: number | undefined
  readonly fate: "ok" | "fails" | "unreachable"
}

export const expectedOf = (world: World): ReadonlyArray<Expected> => {
  const all: Array<Expected> = []
  for (const node of world.nodes) {
    const stage = world.stages[node.stage]
    const inputs = node.inputs.map((i) => all[i]?.value)
    if (stage === undefined) continue
    const helpers = stage.uses.map((j) => world.helpers[j] ?? 0)
    const cause = JSON.stringify([
      node.stage,
      stage.constant,
      stage.modulus,
      stage.uses,
      helpers,
      node.a,
      inputs
    ])
    if (inputs.includes(undefined))
      all.push({ name: node.name, cause, value: undefined, fate: "unreachable" })
    else if (node.a === failing) all.push({ name: node.name, cause, value: undefined, fate: "fails" })
    else {
      const called = helpers.reduce((sum, c) => sum + ((node.a * 7 + c) % 1000), 0)
      const sum = inputs.reduce((total: number, value) => total + (value ?? 0), 0)
      all.push({
        name: node.name,
        cause,
        value: (node.a + stage.constant + called + sum) % stage.modulus,
        fate: "ok"
      })
    }
  }
  return all
}
