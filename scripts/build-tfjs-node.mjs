/**
 * Builds TensorFlow.js's binding to libtensorflow from its own sources, so that the engine `tfjs-node-gpu` can be run, on
 * the CPU, where its prebuilt files cannot be had. Linux, with Python, pip and a C++ compiler.
 *
 *     node scripts/build-tfjs-node.mjs DIRECTORY
 *     PIPELINE_TFJS_NODE=DIRECTORY pipeline run … --engine tfjs-node-gpu
 *
 * The sources come with the npm package, the libraries and their headers with TensorFlow's Python package: about 1.2 GB in
 * DIRECTORY, which nothing but the variable refers to.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { run } from "./run.mjs"

/** Its C interface is stable: any version from 2.9 on will do. */
const wheel = process.arch === "x64" ? "tensorflow-cpu==2.21.0" : "tensorflow==2.21.0"
/** What of the Python package is needed: the C headers, what these include, and the two libraries. */
const parts = [
  "include/tensorflow/c/",
  "include/tensorflow/core/platform/ctstring",
  "include/xla/",
  "include/tsl/",
  "libtensorflow_"
]
/** Takes a wheel, a directory and the parts: headers go to include/, libraries to lib/. */
const unpack = `
import os, shutil, sys, zipfile
wheel, target, *parts = sys.argv[1:]
with zipfile.ZipFile(wheel) as files:
    for name in files.namelist():
        inner = name.removeprefix("tensorflow/")
        if name == inner or name.endswith("/") or not inner.startswith(tuple(parts)):
            continue
        place = os.path.join(target, inner if inner.startswith("include/") else "lib/" + inner)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with files.open(name) as source, open(place, "wb") as sink:
            shutil.copyfileobj(source, sink)
`
const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]
/** The version of Node-API that the binding is written for, which is in the name of the place where it is looked for. */
const nodeApi = 8

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
const version = manifest.dependencies["@tensorflow/tfjs-core"]

const directory = resolve(process.argv[2] ?? fail("usage: node scripts/build-tfjs-node.mjs DIRECTORY"))
if (process.platform !== "linux") fail(`this is ${process.platform}; it builds on Linux only`)
const home = join(directory, "node_modules", "@tensorflow", "tfjs-node")
const addon = join(home, "lib", `napi-v${nodeApi}`, "tfjs_binding.node")

if (!existsSync(addon)) await build().catch((error) => fail(error.message))
console.log(`built: PIPELINE_TFJS_NODE=${directory}`)

function fail(message) {
  console.error(message)
  process.exit(1)
}

async function build() {
  mkdirSync(directory, { recursive: true })
  const dependencies = { "@tensorflow/tfjs-node": version }
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true, dependencies }))
  // Its install script would fetch libraries from a place that not everybody reaches.
  await step("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"])

  const wheels = join(directory, "wheels")
  await step("python3", [
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--only-binary=:all:",
    "--dest",
    wheels,
    wheel
  ])
  const [file] = readdirSync(wheels)
  const deps = join(home, "deps")
  await step("python3", ["-c", unpack, join(wheels, file), deps, ...parts])
  rmSync(wheels, { recursive: true })

  mkdirSync(dirname(addon), { recursive: true })
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(home, "binding", name))
  const includes = [nodeHeaders(), join(deps, "include")].map((path) => `-I${path}`)
  // Under another name until it is whole: where the addon is, it works.
  const made = `${addon}.tmp`
  await step(process.env.CXX ?? "c++", [
    ...["-std=c++17", "-O2", "-shared", "-fPIC", `-DNAPI_VERSION=${nodeApi}`],
    ...includes,
    ...sources,
    ...["-o", made, `-L${join(deps, "lib")}`],
    ...libraries.map((name) => `-l:${name}`),
    "-Wl,-rpath,$ORIGIN/../../deps/lib"
  ])
  renameSync(made, addon)
}

/** They come with Node. Node-API is the same for all versions that have it, so any Node's will do. */
function nodeHeaders() {
  const path = join(dirname(process.execPath), "..", "include", "node")
  if (existsSync(join(path, "node_api.h"))) return path
  throw new Error(
    `${process.execPath} came without its headers; run this with one that has them (https://nodejs.org)`
  )
}

async function step(command, args) {
  const result = await run(command, args, { cwd: directory, share: () => {} })
  if (!result.ok) throw new Error(`${command} ${args.slice(0, 3).join(" ")} … failed\n${result.output}`)
}
