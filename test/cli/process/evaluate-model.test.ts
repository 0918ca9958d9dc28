/** A network that PyTorch trained, attacked from the command line. */
import { copyFileSync, readFileSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { cli } from "../../rig/cli.ts"
import { TestProject } from "../../rig/project.ts"

const fixtures = join(import.meta.dirname, "../../stages/fixtures/imported")
const expected: { readonly images: number; readonly correct: { readonly [epsilon: string]: number } } =
  JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8"))

const project = new TestProject()
afterAll(() => project.remove())
for (const name of ["small.safetensors", "small.onnx", "network.json"])
  copyFileSync(join(fixtures, name), join(project.root, name))

const attacks = ["--set", "epsilons=[0,0.05,0.1]", "--set", "steps=10", "--set", `count=${expected.images}`]
const safetensors = ["weights=small.safetensors", "network=network.json", "layout=pytorch"]
const settings = [...safetensors.flatMap((setting) => ["--set", setting]), ...attacks]
const evaluate = (...words: ReadonlyArray<string>) =>
  cli(project, ["run", "evaluate-model", "--preset", "demo", ...words])
const run = (...more: ReadonlyArray<string>) => evaluate(...settings, ...more)

const metrics = async (): Promise<{ readonly [node: string]: { readonly [metric: string]: number } }> => {
  const { stdout } = await cli(project, ["show", "last", "--json"])
  const view: {
    readonly nodes: ReadonlyArray<{
      readonly name: string
      readonly metrics: { readonly [metric: string]: number }
    }>
  } = JSON.parse(stdout)
  return Object.fromEntries(view.nodes.map((node) => [node.name, node.metrics]))
}

/** Compares with what PyTorch found, by the metrics of `sweeps/fgsm`. */
const expectPyTorchs = (fgsm: { readonly [metric: string]: number } | undefined) => {
  for (const [epsilon, correct] of Object.entries(expected.correct)) {
    // An image on the boundary may fall to either side of it by the order of a sum.
    const accuracy = Number(fgsm?.[`accuracy_epsilon_${epsilon}`])
    expect(Math.abs(accuracy * expected.images - correct)).toBeLessThanOrEqual(1)
  }
}

describe("evaluate-model", () => {
  test("finds what PyTorch finds, and shows it as JSON", async () => {
    expect((await run()).code).toBe(0)
    const { "sweeps/fgsm": fgsm, clean, "sweeps/pgd": pgd, hygiene } = await metrics()
    expectPyTorchs(fgsm)
    expect(clean?.["accuracy"]).toBe(fgsm?.["accuracy_epsilon_0"])
    expect(pgd?.["accuracy_epsilon_0.1"]).toBeLessThan(Number(fgsm?.["accuracy_epsilon_0.1"]))
    expect(hygiene?.["checks_failed"]).toBe(0)
  })

  test("finds it in an ONNX model, too, of which nothing else is said", async () => {
    const { code } = await evaluate("--set", "weights=small.onnx", ...attacks)
    expect(code).toBe(0)
    const { "sweeps/fgsm": fgsm } = await metrics()
    expectPyTorchs(fgsm)
  })

  test("measures as controls what hygiene needs and was not asked for; the rest is cached", async () => {
    const { code, stderr } = await run("--set", 'attacks=["mifgsm"]')
    expect(code).toBe(0)
    expect(stderr).toMatch(/^run +sweeps\/mifgsm /m)
    expect(stderr).toMatch(/^cached +controls\/fgsm /m)
    expect(stderr).toMatch(/^cached +model /m)
  })

  test("names the file and what is wrong with it, before anything is attacked", async () => {
    copyFileSync(join(fixtures, "small.safetensors"), join(project.root, "torn.safetensors"))
    truncateSync(join(project.root, "torn.safetensors"), 9000)
    const torn = await run("--set", "weights=torn.safetensors")
    expect(torn.code).toBe(1)
    expect(torn.stderr).toMatch(/^fail +model +torn\.safetensors: not a valid safetensors file: /m)
    expect(torn.stderr).toMatch(/^skip +sweeps\/fgsm /m)

    const absent = await run("--set", "weights=absent.safetensors")
    expect(absent.code).toBe(1)
    expect(absent.stderr).toContain("names the file absent.safetensors, which cannot be read (ENOENT)")
    expect(absent.stderr).toContain(`hint: put the file at ${join(project.root, "absent.safetensors")}`)
  })

  test("refuses a param that makes no sense before anything runs", async () => {
    const { code, stderr } = await run("--set", "epsilons=[0,1.5]", "--set", "network=curse-cnn")
    expect(code).toBe(1)
    expect(stderr).toContain("param `epsilons.1`: Expected a value between 0 and 1")
    expect(stderr).toContain("param `network`: Expected keras-cnn, course-cnn, ")
    expect(stderr).not.toMatch(/^run /m)
  })
})
