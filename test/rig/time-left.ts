/** What the live reporter says of the time that is left, at moments of a run, beside what then came. */
import type { ExpectedNode } from "../../src/cli/reporter/forecast.ts"
import { liveReporter } from "../../src/cli/reporter/live.ts"
import { plainStyle } from "../../src/cli/view/style.ts"
import type { ExpectedTimes } from "../../src/plan/expected-times.ts"
import type { Event } from "../../src/track/event.ts"
import { ManualTiming } from "../cli/reporter/terminal.ts"

/** Seconds. */
export interface Said {
  /** Of the run's whole time, what is over. */
  readonly share: number
  /** Undefined where it says nothing. */
  readonly said: number | undefined
  readonly came: number
}

/** @param given.shares moments at which it is asked, as shares of the run's whole time, in order */
export const saidOver = (
  events: ReadonlyArray<Event>,
  given: {
    readonly nodes: ReadonlyArray<ExpectedNode>
    readonly cores: number
    readonly times: ExpectedTimes
    readonly shares: ReadonlyArray<number>
  }
): ReadonlyArray<Said> => {
  const begun = events[0]?.at ?? 0
  const whole = ((events.at(-1)?.at ?? 0) - begun) / 1000
  const timing = new ManualTiming()
  let footer = ""
  const sink = {
    write: (text: string) => {
      footer = /elapsed.*/.exec(text)?.[0] ?? footer
    },
    columns: () => 160,
    rows: () => 24,
    isTerminal: true
  }
  const { nodes, cores } = given
  const reporter = liveReporter({ sink, timing, style: plainStyle, nodes, cores })
  reporter.expect?.(given.times)
  const until = (millis: number) => timing.advance(Math.max(0, millis - timing.now()))
  let next = 0
  const rows = given.shares.map((share) => {
    const moment = share * whole * 1000
    for (let event = events[next]; event !== undefined; event = events[++next]) {
      const at = event.at - begun
      if (at > moment || event._tag === "RunFinished") break
      until(at)
      reporter.event({ ...event, at })
    }
    until(moment)
    const about = /about (.*) left/.exec(footer)?.[1]
    return { share, said: about === undefined ? undefined : secondsOf(about), came: whole - moment / 1000 }
  })
  reporter.close()
  return rows
}

/** Seconds that a text such as `2m 08s` says. */
export const secondsOf = (text: string): number =>
  [...text.matchAll(/(\d+)\s?(h|m|s)/g)].reduce(
    (sum, [, value, unit]) => sum + Number(value) * (unit === "h" ? 3600 : unit === "m" ? 60 : 1),
    0
  )
