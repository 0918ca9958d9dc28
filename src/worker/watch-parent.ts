/**
 * Ends this process when the one that started it is gone.
 *
 * A closed message channel says the same, but a worker that computes does not look at messages for minutes. So a thread
 * of its own watches: a process whose parent died gets another one.
 */
import { Worker } from "node:worker_threads"

const script = (parent: number) => `
  setInterval(() => { if (process.ppid !== ${parent}) process.kill(process.pid, "SIGKILL") }, 500)
`

/** @param parent its process number, from itself: it may be gone before this process comes to ask who it was */
export const endWithParent = (parent: number): void => {
  new Worker(script(parent), { eval: true, stdout: false }).unref()
}
