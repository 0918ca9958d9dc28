/** Each study as a process, in its demo's shape and much smaller. */
import { afterAll, describe, expect, test } from "vitest"
import { cli } from "../../rig/cli.ts"
import { TestProject } from "../../rig/project.ts"

const project = new TestProject()
afterAll(() => project.remove())

interface View {
  readonly nodes: ReadonlyArray<{
    readonly name: string
    readonly state: string
    readonly metrics: { readonly [metric: string]: number }
  }>
}

const run = async (pipeline: string, settings: { readonly [param: string]: unknown }) => {
  const sets = Object.entries(settings).flatMap(([name, value]) => [
    "--set",
    `${name}=${JSON.stringify(value)}`
  ])
  const { code, stderr } = await cli(project, ["run", pipeline, "--preset", "demo", ...sets])
  expect(stderr).not.toMatch(/^failed/m)
  expect(code).toBe(0)
  const view: View = JSON.parse((await cli(project, ["show", "last", "--json"])).stdout)
  return Object.fromEntries(view.nodes.map((node) => [node.name, node.metrics]))
}

const evaluation = {
  "evaluation.fgsm.epsilons": [0, 0.1, 0.5],
  "evaluation.pgd.epsilons": [0.1, 0.5],
  "evaluation.pgd.steps": 2,
  "evaluation.strong.epsilons": [0.1],
  "evaluation.strong.steps": 2,
  "evaluation.noise.epsilons": [0.1],
  "evaluation.transfer.epsilons": [0.1],
  "evaluation.batchSize": 40
}

describe("demo-shaped runs of the studies", () => {
  test("mnist-keras-cnn: trains on test images, measures the leak, and finds the printed gradient", async () => {
    const metrics = await run("mnist-keras-cnn", {
      ...evaluation,
      trainCount: 240,
      testCount: 40,
      validationImages: 40,
      "faithful.attackedImages": 40,
      "faithful.pgd.steps": 2,
      "corrected.attackedImages": 40,
      "corrected.onTheFly.images": 40
    })
    expect(metrics["faithful/leakage"]).toHaveProperty("difference_fgsm_epsilon_0.1")
    const gradient = metrics["faithful/printedHygiene"]?.["zero_gradient_share"] ?? 0
    // Rounding leaves a gradient to some images; which ones depends on the machine.
    expect(gradient).toBeGreaterThan(0.05)
    expect(metrics["comparison"]?.["points_compared"]).toBe(10)
  }, 120_000)

  test("mnist-no-pool-cnn: measures all cells, and finds what was published implausible in pixels", async () => {
    const metrics = await run("mnist-no-pool-cnn", {
      ...evaluation,
      trainCount: 32,
      testCount: 20,
      "baseline.images": 32,
      "baseline.epochs": 1,
      "grid.images": 16,
      "grid.trainedOn": [[0.3]],
      "onTheFly.images": 16,
      "evaluation.batchSize": 20,
      "evaluation.pgd.epsilons": [0.1, 0.3, 0.5],
      "evaluation.transfer.epsilons": [0.3],
      "evaluation.strong.epsilons": [0.3]
    })
    expect(metrics["closest"]?.["root_mean_square_difference"]).toBeGreaterThan(0)
    expect(metrics["plausibility"]?.["implausible"]).toBeGreaterThanOrEqual(2)
  }, 120_000)

  test("mnist-mlp-regularised: gives means over seeds, and both confidences", async () => {
    const metrics = await run("mnist-mlp-regularised", {
      ...evaluation,
      trainCount: 200,
      testCount: 40,
      epochs: 1,
      "lambdas.l1": [0, 0.0001],
      "lambdas.l2": [0]
    })
    const { closer_over_all = 0, closer_over_wrong = 0 } = metrics["confidence"] ?? {}
    // Two cells, of which one is in the second table, too.
    expect(closer_over_all + closer_over_wrong).toBe(8)
    expect(metrics["corrected/sweeps/pgd-trained-pgd"]).toHaveProperty("standard_error_epsilon_0.1")
  }, 120_000)
})
