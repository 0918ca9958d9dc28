/** PyTorch as a peer. */
import { join } from "node:path"
import { pythonPeer } from "../rig/peers.ts"
import type { Report } from "../rig/report.ts"
import type { Side } from "./measured-process.ts"

/** The version that the targets are about. */
const version = "2.15.0"

/** The Python to use instead of an installation of the bench's own. */
const variable = "ADVPIPE_BENCH_TORCH"

const script = join(import.meta.dirname, "..", "peers", "torch-engine.py")

/**
 * PyTorch as its documentation writes it.
 *
 * @param tuned also with channels-last memory and the fused Adam, which one has to know of
 */
export const torch = (report: Report, tuned: boolean): ReadonlyArray<Side> => {
  const python = findPython(report)
  if (python === undefined) return []
  const plain: Side = { name: "PyTorch", command: (work) => [python, script, work] }
  if (!tuned) return [plain]
  return [plain, { name: "PyTorch, tuned", command: (work) => [python, script, work, "tuned"] }]
}

/** The Python that has PyTorch, installed first where none is named. */
export const findPython = (report: Report): string | undefined => {
  const given = process.env[variable]
  if (given !== undefined && given !== "") return given
  const directory = pythonPeer(report, "torch", version)
  return directory === undefined ? undefined : join(directory, "bin", "python")
}
