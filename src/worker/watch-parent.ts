/**
 * Ends this process when the one that started it is gone.
 *
 * A closed message channel says the same, but a worker that computes does not look at messages for minutes. So a thread
 * of its own watches: a process whose parent died gets another one.
 */
import { Worker } from "node:worker_threads"

const script = `
  const parent = process.ppid
  setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, "SIGKILL") }, 500)
`

export const endWithParent = (): void => {
  new Worker(script, { eval: true, stdout: false }).unref()
}
