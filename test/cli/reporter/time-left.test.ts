/** The time left, over whole runs that are played: it comes true. */
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import type { Basis } from "../../../src/plan/expected-times.ts"
import type { Event } from "../../../src/track/event.ts"
import { type Said, saidOver } from "../../rig/time-left.ts"
import { finished, progress, runFinished, runStarted, started } from "./events.ts"

interface Played {
  readonly name: string
  readonly stage: string
  /** What it takes, in seconds. */
  readonly takes: number
  /** What is thought beforehand. */
  readonly expected: number
}

const cores = 2

/** The events of a run of these nodes, one after the other as cores come free. Every second node tells how far it is. */
const play = (nodes: ReadonlyArray<Played>): ReadonlyArray<Event> => {
  const events: Array<Event> = [runStarted(nodes.length)]
  const free = Array.from({ length: cores }, () => 0)
  for (const [place, { name, takes }] of nodes.entries()) {
    const core = free.indexOf(Math.min(...free))
    const begin = (free[core] ?? 0) + 1
    const end = begin + takes * 1000
    free[core] = end
    events.push(started(name, begin), finished(name, end, takes))
    if (place % 2 === 0)
      for (let tenth = 0; tenth < 10; tenth++)
        events.push(progress(name, begin + tenth * takes * 100, tenth, 10))
  }
  events.push(runFinished(Math.max(...free) + 1))
  return events.toSorted((a, b) => a.at - b.at)
}

const tenths = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]

const said = (nodes: ReadonlyArray<Played>, basis: Basis): ReadonlyArray<Said> => {
  const expected = new Map(nodes.map((node) => [node.name, node.expected]))
  return saidOver(play(nodes), {
    nodes: nodes.map(({ name, stage }) => ({ name, stage, cores: 1, after: [] })),
    cores,
    times: (node) => {
      const seconds = expected.get(node)
      return seconds === undefined ? undefined : { seconds, basis }
    },
    shares: tenths
  })
}

/** Stages of which a node takes from half a second to twenty, on a machine with some factor to what is known. */
const plays = (factors: { readonly min: number; readonly max: number }) =>
  fc
    .record({
      stages: fc.array(fc.double({ min: -0.3, max: 1.3, noNaN: true }), { minLength: 3, maxLength: 8 }),
      nodes: fc.array(
        fc.record({ stage: fc.nat(7), noise: fc.double({ min: 0.9, max: 1.1, noNaN: true }) }),
        { minLength: 40, maxLength: 80 }
      ),
      factor: fc.double({ ...factors, noNaN: true })
    })
    .map(({ stages, nodes, factor }) =>
      nodes.map(({ stage, noise }, place): Played => {
        const expected = 10 ** (stages[stage % stages.length] ?? 0)
        return {
          name: `node-${place}`,
          stage: `stage-${stage % stages.length}`,
          takes: expected * factor * noise,
          expected
        }
      })
    )
    // Half a minute at least, and not spent on so few nodes that none has ended after a tenth of it.
    .filter((nodes) => {
      const seconds = nodes.reduce((sum, { takes }) => sum + takes, 0) / cores
      return seconds > 30 && Math.max(...nodes.map(({ takes }) => takes)) < seconds / 20
    })

const comesTrue = (rows: ReadonlyArray<Said>, nodes: ReadonlyArray<Played>, tolerance: number): void => {
  // Nobody can tell how two cores will share the last nodes better than to one of these, nor a few seconds.
  const longest = Math.max(...nodes.map(({ takes }) => takes))
  for (const { share, said, came } of rows) {
    assert.isDefined(said, `at ${share}`)
    assert.isAtMost(Math.abs((said ?? 0) - came), tolerance * came + longest / 2 + 3, `at ${share}: ${came}`)
  }
}

describe("the time left", () => {
  it("comes true on a machine that is faster or slower than the one that the times are from", () => {
    fc.assert(
      fc.property(plays({ min: 0.2, max: 5 }), (nodes) => comesTrue(said(nodes, "elsewhere"), nodes, 0.15)),
      { numRuns: 12, seed: 8 }
    )
  })

  it("comes true where the work is the same", () => {
    fc.assert(
      fc.property(plays({ min: 0.9, max: 1.1 }), (nodes) => comesTrue(said(nodes, "same"), nodes, 0.15)),
      { numRuns: 6, seed: 8 }
    )
  })

  it("says nothing from other work until some of it was done, and then scales it", () => {
    const nodes = Array.from({ length: 60 }, (_, place): Played => {
      return { name: `n${place}`, stage: "s", takes: 20, expected: 0.1 }
    })
    const shares = [0.01, 0.05, 0.1, 0.5]
    const rows = saidOver(play(nodes), {
      nodes: nodes.map(({ name, stage }) => ({ name, stage, cores: 1, after: [] })),
      cores,
      times: () => ({ seconds: 0.1, basis: "other work" }),
      shares
    })
    assert.isUndefined(rows[0]?.said)
    for (const { said, came } of rows.slice(2)) assert.closeTo(said ?? 0, came, came / 4)
  })

  it("is not less than a chain of nodes takes, however many cores there are", () => {
    const names = ["data", "train", "judge"]
    const nodes = names.map((name, place) => ({ name, stage: name, cores: 1, after: names.slice(0, place) }))
    const events = [
      runStarted(3),
      ...names.flatMap((name, place) => [
        started(name, place * 100_000),
        finished(name, (place + 1) * 100_000, 100)
      ]),
      runFinished(300_000)
    ]
    const times = () => ({ seconds: 100, basis: "same" }) as const
    const rows = saidOver(events, { nodes, cores: 8, times, shares: [0.1, 0.5, 0.9] })
    for (const { said, came } of rows) assert.closeTo(said ?? 0, came, 2)
  })
})
