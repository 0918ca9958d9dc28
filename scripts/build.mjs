/**
 * Builds what is named: `app`, the command line with its worker, and `library`, what other projects import.
 *
 * scripts/setup.mjs calls it, with the lock held. Nothing that another process may be reading is changed: an app is a
 * directory named by its content, and dist/build.json says which one is current. A run that started before goes on with
 * its own.
 */
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join, relative } from "node:path"
import { rolldown } from "rolldown"
import { snapshot, writeRecord } from "./record.mjs"
import { run } from "./run.mjs"

const root = join(import.meta.dirname, "..")
const dist = join(root, "dist")
const strict = process.argv.includes("--strict")

/** Packages with native code, and large ones, loaded where they lie and only when they are needed. */
const native = [
  /^rolldown(\/|$)/,
  /^onnxruntime-node(\/|$)/,
  /^@tensorflow\//,
  /^vega(-lite)?(\/|$)/,
  /^@resvg\//,
  /^markdown-it$/
]
/** Every package: a worker shares them, Effect above all, with the stages that it loads. */
const packages = [/^[^./]/]

/**
 * TensorFlow.js's gradients, which its core package has as sources only: its bundle for Node leaves them out, and plain
 * Node cannot load the sources. They find the one engine through a global, whoever loads them.
 */
async function buildGradients() {
  const build = await rolldown({
    cwd: root,
    input: join(root, "node_modules", "@tensorflow", "tfjs-core", "dist", "register_all_gradients.js"),
    platform: "node",
    tsconfig: false
  })
  const file = join(dist, `tmp-gradients-${process.pid}.mjs`)
  await build.write({ file, format: "esm", minify: true, comments: { legal: true } })
  await build.close()
  renameSync(file, join(dist, "tfjs-gradients.mjs"))
}

async function buildApp() {
  await buildGradients()
  const before = snapshot(root)
  const temporary = join(dist, `tmp-${process.pid}`)
  const command = await bundle("cli", "src/cli/main.ts", native, temporary)
  const worker = await bundle("worker-main", "src/worker/main.ts", packages, temporary)
  // The cache of compiled code must be on before the first import that it is to serve.
  const start =
    'import module from "node:module"\nmodule.enableCompileCache()\nawait import("./worker-main.js")\n'
  writeFileSync(join(temporary, "worker.js"), start)

  const app = `app-${digestOf([...command.code, ...worker.code])}`
  const place = join(dist, app)
  if (existsSync(place)) rmSync(temporary, { recursive: true })
  else renameSync(temporary, place)
  utimesSync(place, new Date(), new Date())
  writeRecord(join(dist, "build.json"), before, [...command.files, ...worker.files], { app })
  removeOld(app)
}

/**
 * Names and lines are kept: a stack trace stays readable and a failing line short, and with the compile cache a start
 * takes no longer than fully minified (measured: 60.3 and 59.0 ms, noise 3 ms).
 */
async function bundle(name, entry, external, directory) {
  const files = []
  const plugin = {
    name: "source-files",
    buildEnd() {
      for (const id of this.getModuleIds()) {
        const path = relative(root, id)
        // What a build has made itself is no source of the next one.
        const isSource = !path.startsWith("..") && !path.startsWith("dist/") && !path.includes("node_modules")
        if (isSource && existsSync(id)) files.push(path)
      }
    }
  }
  const build = await rolldown({
    cwd: root,
    input: { [name]: entry },
    platform: "node",
    external,
    plugins: [plugin],
    tsconfig: false,
    treeshake: { propertyReadSideEffects: false, unknownGlobalSideEffects: false }
  })
  const { output } = await build.write({
    dir: directory,
    format: "esm",
    minify: { compress: true, mangle: false, codegen: false },
    comments: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
    chunkFileNames: `${name}-[hash].js`
  })
  await build.close()
  return {
    files,
    code: output.flatMap((chunk) => (chunk.type === "chunk" ? [chunk.fileName, chunk.code] : []))
  }
}

const digestOf = (texts) => {
  const hash = createHash("sha256")
  for (const text of texts) hash.update(`${text.length} ${text}`)
  return hash.digest("hex").slice(0, 12)
}

/** Runs that last for hours still load parts of the app that they started with; a package has no such runs. */
function removeOld(current) {
  const dayAgo = strict ? Number.POSITIVE_INFINITY : Date.now() - 24 * 60 * 60 * 1000
  for (const name of readdirSync(dist)) {
    const path = join(dist, name)
    if (name.startsWith("app-") && name !== current && statSync(path).mtimeMs < dayAgo)
      rmSync(path, { recursive: true, force: true })
  }
}

/** One JavaScript file and one of types for each source file, so that every module exists once, whoever imports it. */
async function buildLibrary() {
  const before = snapshot(root)
  const temporary = join(dist, `tmp-lib-${process.pid}`)
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  // Where nothing is published, a type error is the check's business and no reason to refuse service.
  const args = [
    tsc,
    "-p",
    "tsconfig.build.json",
    "--outDir",
    temporary,
    strict ? "--noEmitOnError" : "--noCheck"
  ]
  const result = await run(process.execPath, args, { cwd: root, share: () => {} })
  if (!result.ok) throw new Error(result.output)
  const emitted = readdirSync(temporary, { recursive: true })
    .filter((file) => file.endsWith(".js"))
    .map((file) => file.replace(/\.js$/, ".ts"))
  writeRecord(join(temporary, "build.json"), before, [...emitted, "stages", "pipelines"])
  const place = join(dist, "lib")
  const old = join(dist, `tmp-old-${process.pid}`)
  if (existsSync(place)) renameSync(place, old)
  renameSync(temporary, place)
}

mkdirSync(dist, { recursive: true })
try {
  if (process.argv.includes("library")) await buildLibrary()
  if (process.argv.includes("app")) await buildApp()
} catch (error) {
  process.stderr.write(`${error.message.trim()}\n`)
  process.exitCode = 1
} finally {
  for (const name of readdirSync(dist)) {
    if (name.startsWith("tmp-")) rmSync(join(dist, name), { recursive: true, force: true })
  }
}
