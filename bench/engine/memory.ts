/** How much memory this process has taken. */
import { readFileSync } from "node:fs"

/** Resident memory at its highest, in MB. What the system reports may include a parent's, so /proc is asked first. */
export const peakMemory = (): number => {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))
    if (found !== null) return (Number(found[1]) * 1024) / 1e6
  } catch {}
  return (process.resourceUsage().maxRSS * 1024) / 1e6
}
