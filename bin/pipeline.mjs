/**
 * Loads the built program. A source checkout is installed and built first where that is needed.
 *
 * Every start passes here, so what is usual takes a few stats and imports nothing: `import "node:fs"` alone costs 2 ms.
 * The syntax is one that an old node can read, so that it gets to the message that tells it so.
 */
const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  fail(
    `pipeline: Node 22.19 or newer is needed; ${process.execPath} is ${process.versions.node}\n` +
      "hint: install it (https://nodejs.org, or your package manager), or name one: PIPELINE_NODE=/path/to/node pipeline …"
  )
}
const { readFileSync, statSync } = process.getBuiltinModule("node:fs")
process.getBuiltinModule("node:module").enableCompileCache()

const root = import.meta.dirname.replace(/[\\/]bin$/, "")
// What npm installed under node_modules was built when it was packed, and does not change.
const installed = /[\\/]node_modules[\\/]/.test(root)
let build = readBuild("dist/build.json")
if (!installed && (isStale(build) || (needsLibrary() && isStale(readBuild("dist/lib/build.json"))))) {
  const { setUp } = await import("../scripts/setup.mjs")
  if (!(await setUp({ library: needsLibrary() }))) process.exit(1)
  build = readBuild("dist/build.json")
}
if (build === undefined) fail("pipeline: the package has no dist/build.json\nhint: install it again", 2)

try {
  await import(`../dist/${build.app}/cli.js`)
} catch (error) {
  const what = error instanceof Error ? error.stack : error
  fail(`pipeline: ${what}\nhint: this is a mistake of ours; please report it`, 2)
}

function readBuild(file) {
  try {
    return JSON.parse(readFileSync(`${root}/${file}`, "utf8"))
  } catch {
    return undefined
  }
}

/** Whether a file that went into the build has changed since. A new file is imported by a changed one. */
function isStale(build) {
  return (
    build === undefined ||
    build.files.some(([file, size, modified]) => {
      const stat = statSync(`${root}/${file}`, { throwIfNoEntry: false })
      return stat === undefined || stat.size !== size || stat.mtimeMs !== modified
    })
  )
}

/** The library is what projects elsewhere import; the program's own pipelines import its sources. */
function needsLibrary() {
  return process.argv[2] === "init" || !`${process.cwd()}/`.startsWith(`${root}/`)
}

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
