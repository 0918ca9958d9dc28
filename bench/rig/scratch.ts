/** Directories for projects that a benchmark makes, removed when it ends, however it ends. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const made = new Set<string>()
const removeAll = (): void => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
}
process.on("exit", removeAll)
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))

export const scratch = (name: string): string => {
  const directory = mkdtempSync(join(tmpdir(), `bench-${name}-`))
  made.add(directory)
  return directory
}

export const discard = (directory: string): void => {
  rmSync(directory, { recursive: true, force: true })
  made.delete(directory)
}
