/**
 * The reference of `advpipe` and `advpipe/tensor` as HTML in dist/api, from their docstrings: `npm run api-docs`.
 *
 * TypeDoc reads programs through the compiler that was written in JavaScript, which TypeScript 7 no longer has. Both are fetched for
 * this alone and change nothing of what is installed.
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const packages = ["typedoc@0.28.14", "typescript@5.9.3"]
const options = [
  ...["--entryPoints", "src/index.ts", "--entryPoints", "src/tensor/index.ts"],
  ...["--out", "dist/api", "--name", "advpipe", "--readme", "none"],
  // Effect's own names are in Effect's own reference.
  ...["--excludeExternals", "--excludePrivate"],
  // The types were checked by this project's compiler; not every name that a docstring links to is exported.
  ...["--skipErrorChecking", "--validation.invalidLink", "false", "--validation.notExported", "false"]
]
const { status } = spawnSync(
  "npm",
  ["exec", "--yes", ...packages.map((name) => `--package=${name}`), "--", "typedoc", ...options],
  { cwd: root, stdio: "inherit" }
)
process.exitCode = status ?? 1
