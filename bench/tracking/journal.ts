/** A store with one finished run in it, whose journal has as many points as are wanted. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { digestOf } from "../../src/artifact/digest.ts"
import { storeFormat } from "../../src/artifact/layout.ts"
import { jsonLine } from "../../src/text/json.ts"
import type { Event } from "../../src/track/event.ts"

/** Names of metrics as a training has them. */
export const metricNames = ["loss", "accuracy", "learning_rate", "gradient_norm"] as const

/** @returns the run's identifier, another one each time */
export const writeJournal = (store: string, points: number, at: number): string => {
  const id = `run-${at}`
  mkdirSync(join(store, "runs", id), { recursive: true })
  mkdirSync(join(store, "tmp"), { recursive: true })
  writeFileSync(join(store, "format.json"), `{"format":${storeFormat}}\n`)
  const file = openSync(join(store, "runs", id, "journal.jsonl"), "w")
  let text = ""
  const put = (event: Event): void => {
    text += `${jsonLine(event)}\n`
    if (text.length < 1 << 20) return
    writeSync(file, text)
    text = ""
  }
  const key = digestOf("bench")
  const provenance = { host: "bench", machine: "bench", node: "22", program: "bench", run: id, pid: 1 }
  const plan = { pipeline: "bench", preset: "demo", params: {}, nodes: 1, store }
  put({ _tag: "RunStarted", at, id, ...plan, provenance })
  put({ _tag: "NodeStarted", at, node: "train", key, reason: "bench", attempt: 1, pid: 1 })
  for (let index = 0; index < points; index++) {
    const name = metricNames[index % metricNames.length] ?? "loss"
    const step = Math.floor(index / metricNames.length)
    put({ _tag: "Metric", at: at + index, node: "train", name, value: Math.sin(index), step })
  }
  put({ _tag: "NodeInterrupted", at: at + points, node: "train", seconds: 1 })
  put({ _tag: "RunFinished", at: at + points, status: "interrupted", seconds: 1 })
  writeSync(file, text)
  closeSync(file)
  return id
}
